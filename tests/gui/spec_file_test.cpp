// The file of the spec that an editor shows: nothing is lost, and nothing of others is overwritten.
#include "gui/model/spec_file.h"

#include <fstream>

#include "core/base/files.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class OpenSpec : public testing::Test {
 protected:
  OpenSpec() { anew(); }
  ~OpenSpec() override { spec_.reset(); }

  // Another window, after the first was closed, or killed when nothing was kept at its end.
  void anew(const QString& path = {}) {
    spec_.reset();
    spec_ = std::make_unique<SpecFile>(messages_);
    spec_->restore(to_name("unsaved"), path);
  }
  QString to_name(const std::string& name) const {
    return QString::fromStdString(folder_.file(name));
  }
  QString write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_.file(name), std::ios::binary) << bytes;
    return to_name(name);
  }
  std::string bytes(const std::string& name) const { return read_file(folder_.file(name)); }
  void open(const std::string& name, const std::string& bytes) {
    const QString path = write(name, bytes);
    spec_->open(path);
    ASSERT_TRUE(wait_until([&] { return spec_->path() == path; }));
  }
  bool save(const QString& path) {
    bool saved = false;
    spec_->save(path, [&] { saved = true; });
    return wait_until([&] { return saved || !messages_.current().empty(); }) && saved;
  }
  std::string last_message() const {
    return messages_.current().empty() ? "" : messages_.current().back().text.toStdString();
  }

  LabFolder folder_;
  Messages messages_;
  std::unique_ptr<SpecFile> spec_;
};

TEST_F(OpenSpec, IsSavedByteForByteApartFromTheEdit) {
  open("a.yaml",
       "\xEF\xBB\xBF"
       "a: 1\r\n# \xC3\xA9\xC2\xA0x\r\n");
  EXPECT_EQ(spec_->text().toStdString(), "a: 1\n# \xC3\xA9\xC2\xA0x\n");
  EXPECT_FALSE(spec_->is_modified());
  spec_->set_text("a: 2\n" + spec_->text().mid(5));
  EXPECT_TRUE(spec_->is_modified());
  ASSERT_TRUE(save(spec_->path()));
  EXPECT_FALSE(spec_->is_modified());
  EXPECT_EQ(bytes("a.yaml"),
            "\xEF\xBB\xBF"
            "a: 2\r\n# \xC3\xA9\xC2\xA0x\r\n");
}

TEST_F(OpenSpec, WithoutEditsIsReadAgainWhenAnotherProgramChangesIt) {
  open("a.yaml", "a: 1\n");
  write("a.yaml", "a: 5\n");
  ASSERT_TRUE(wait_until([&] { return spec_->text() == "a: 5\n"; }));
  EXPECT_FALSE(spec_->is_modified());
  EXPECT_THAT(last_message(), EndsWith("a.yaml: was changed by another program and read again."));
  publish_file(folder_.file("a.yaml"), "a: 6\n");  // as editors save, with another file
  ASSERT_TRUE(wait_until([&] { return spec_->text() == "a: 6\n"; }));
}

TEST_F(OpenSpec, WithEditsNeverOverwritesWhatAnotherProgramWrote) {
  open("a.yaml", "a: 1\n");
  spec_->set_text("a: 2\n");
  write("a.yaml", "a: 5\n");
  ASSERT_TRUE(wait_until([&] { return !messages_.current().empty(); }));
  EXPECT_THAT(last_message(), HasSubstr("has edits here that are not saved"));
  EXPECT_EQ(spec_->text(), "a: 2\n");
  messages_.resolve(SpecFile::kSource);
  EXPECT_FALSE(save(spec_->path()));
  EXPECT_THAT(last_message(), HasSubstr("it is not overwritten"));
  EXPECT_EQ(bytes("a.yaml"), "a: 5\n");
  messages_.resolve(SpecFile::kSource);
  ASSERT_TRUE(save(to_name("b.yaml")));
  EXPECT_EQ(bytes("b.yaml"), "a: 2\n");
  EXPECT_EQ(spec_->path(), to_name("b.yaml"));
}

TEST_F(OpenSpec, IsReloadedOnRequest) {
  open("a.yaml", "a: 1\n");
  spec_->set_text("a: 2\n");
  spec_->reload();
  ASSERT_TRUE(wait_until([&] { return spec_->text() == "a: 1\n"; }));
  EXPECT_FALSE(spec_->is_modified());
}

TEST_F(OpenSpec, WhoseFileHasGoneCanBeSavedAgain) {
  open("a.yaml", "a: 1\n");
  std::filesystem::remove(folder_.file("a.yaml"));
  spec_->set_text("a: 2\n");
  ASSERT_TRUE(save(spec_->path())) << last_message();
  EXPECT_EQ(bytes("a.yaml"), "a: 2\n");
}

TEST_F(OpenSpec, KeepsItsEditsWhileAnotherIsShownAndForTheNextWindow) {
  open("a.yaml", "a: 1\n");
  spec_->set_text("a: 2\n");
  open("b.yaml", "b: 1\n");
  EXPECT_FALSE(spec_->is_modified());
  anew(to_name("b.yaml"));
  ASSERT_TRUE(wait_until([&] { return spec_->text() == "b: 1\n"; }));
  spec_->open(to_name("a.yaml"));
  ASSERT_TRUE(wait_until([&] { return spec_->text() == "a: 2\n"; }));
  EXPECT_TRUE(spec_->is_modified());
  EXPECT_THAT(last_message(), EndsWith("a.yaml: the edits that were not saved are back."));
  EXPECT_EQ(bytes("a.yaml"), "a: 1\n");
}

TEST_F(OpenSpec, IsBackAfterTheWindowWasKilled) {
  open("a.yaml", "a: 1\n");
  spec_->set_text("a: 2\n");
  const std::string kept = folder_.file("unsaved/1.json");
  ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(kept); }))
      << "edits are kept before five seconds have gone";
  const std::string as_killed = read_file(kept);
  spec_.reset();
  publish_file(kept, as_killed);
  write("a.yaml", "a: 3\n");
  anew(to_name("a.yaml"));
  ASSERT_TRUE(wait_until([&] { return spec_->text() == "a: 2\n"; }));
  EXPECT_THAT(last_message(), HasSubstr("was changed by another program"));
  EXPECT_FALSE(save(spec_->path()));
  EXPECT_EQ(bytes("a.yaml"), "a: 3\n");
}

TEST_F(OpenSpec, WithoutAFileIsLeftOnlyWhenItIsSavedAndComesBack) {
  spec_->show_copy("a: 1\n", "x.yaml");
  spec_->open(write("b.yaml", "b: 1\n"));
  EXPECT_EQ(last_message(), "The text that is shown has no file yet. Save it, then open another.");
  EXPECT_EQ(spec_->text(), "a: 1\n");
  ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(folder_.file("unsaved/1.json")); }));
  anew(to_name("b.yaml"));
  ASSERT_TRUE(wait_until([&] { return spec_->text() == "a: 1\n"; }));
  EXPECT_EQ(spec_->origin(), "x.yaml");
  EXPECT_TRUE(spec_->path().isEmpty());
}

TEST_F(OpenSpec, OfTwoWindowsKeepsTheEditsApart) {
  open("a.yaml", "a: 1\n");
  spec_->set_text("a: 2\n");
  SpecFile other(messages_);
  other.restore(to_name("unsaved"), to_name("a.yaml"));
  ASSERT_TRUE(wait_until([&] { return !other.path().isEmpty(); }));
  EXPECT_EQ(other.text(), "a: 1\n");
}

TEST_F(OpenSpec, ThatIsNoTextIsRefused) {
  const QString path = write("a.yaml", "a: \xFF\n");
  spec_->open(path);
  ASSERT_TRUE(wait_until([&] { return !messages_.current().empty(); }));
  EXPECT_THAT(last_message(),
              EndsWith("a.yaml: byte 3: is not UTF-8, so it is not the text of a spec"));
  EXPECT_TRUE(spec_->path().isEmpty());
}

}  // namespace
}  // namespace lea::gui
