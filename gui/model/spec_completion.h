// What can be written at a place of a spec, as a list to choose from while somebody types.
#pragma once

#include <QAbstractListModel>
#include <QString>
#include <memory>
#include <string_view>
#include <vector>

#include "gui/model/spec_place.h"
#include "gui/model/spec_schema.h"

namespace lea::gui {

// What to put into the text for a suggestion. Offsets count bytes.
struct Completion {
  size_t begin = 0, end = 0;  // what it replaces
  std::string text;
  size_t cursor = 0;     // where the cursor is then, from `begin`
  bool goes_on = false;  // whether the next thing can be suggested at once
};

class SpecCompletion : public QAbstractListModel {
  Q_OBJECT

 public:
  using QAbstractListModel::QAbstractListModel;

  // What a suggestion is, beside its text in the display role.
  static constexpr int kDetail = Qt::UserRole;

  void set_facts(std::shared_ptr<const Facts> facts) { facts_ = std::move(facts); }
  void set_outline(const SpecOutline& outline) { outline_ = outline; }

  // Lists what fits the word before the place: what begins with it first, then what contains it.
  // Keys that the map has already are left out.
  void look(std::string_view text, size_t at);
  // The place that was looked at.
  const SpecPlace& place() const { return place_; }
  bool has_word() const { return has_word_; }
  const std::vector<Suggestion>& suggestions() const { return suggestions_; }
  Completion completion(int row) const;

  // A line about the key that the place is in, or whose value it is in; empty for none.
  QString help(std::string_view text, size_t at) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

 private:
  std::vector<Suggestion> all_at_place() const;

  std::shared_ptr<const Facts> facts_ = std::make_shared<const Facts>();
  SpecOutline outline_;
  SpecPlace place_;
  bool has_word_ = false;
  bool colon_follows_ = false;  // the word is a key already
  bool value_follows_ = false;  // on the line, behind the word
  std::vector<Suggestion> suggestions_;
};

}  // namespace lea::gui
