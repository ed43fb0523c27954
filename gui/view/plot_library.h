// QCustomPlot, whose header uses the keywords of Qt that this program switches off.
#pragma once

#include <QObject>

#define signals Q_SIGNALS
#define slots Q_SLOTS
#include <qcustomplot.h>
#undef signals
#undef slots
