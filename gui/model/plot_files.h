// The files to which plots are exported. Each names the experiment that it shows, so that no export
// replaces the plot of another experiment.
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>
#include <string>
#include <vector>

namespace lea::gui {

struct PlotFile {
  QString name;  // "industry_baselines-bars-ndcg@20.png", of plot_file_name
  QByteArray bytes;
};

// "EXPERIMENT-PLOT-METRIC.FORMAT", with `_` for what may not be in the name of a file.
QString plot_file_name(const QString& experiment, const QString& plot, const QString& metric,
                       const QString& format);

// What a file says of the experiment that it shows: the same for one experiment of one lab, another
// for any other. A PNG has it as the text `Source`, an SVG in its description.
QString plot_mark(const std::string& lab, const QString& experiment);

// The mark in a file; "" for another file. Reads the file.
QString mark_in(const QString& path);

struct PlotsWritten {
  QStringList written;
  QStringList kept;  // files of something else, which were left alone
};

// Writes the files into a folder. Replaces those with the same mark. Throws StoreError for the first
// that cannot be written, which names the file, the reason and the free space.
PlotsWritten write_plots(const QString& folder, const QString& mark,
                         const std::vector<PlotFile>& files);

// What the window reports of that.
QString written_text(const QString& folder, const PlotsWritten& written);

}  // namespace lea::gui
