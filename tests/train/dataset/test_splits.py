"""Who decides a piece's split."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from antiphon.models.errors import ConfigError
from antiphon.train.dataset.splits import Splits


def read(tmp_path: Path, *lines: str) -> Splits:
    path = tmp_path / "index.csv"
    path.write_text("\n".join(lines))
    return Splits.read([path])


def test_by_id_file_and_base_name(tmp_path: Path) -> None:
    splits = read(tmp_path, "id,midi_filename,split", "set/a.mid,,test", "b/1,b/1_rock.mid,validation")
    assert splits.of("train/a.mid", "train/a.mid") == ("test", "index")
    assert splits.of("b/1_rock.mid", "b/1_rock.mid") == ("valid", "index")


def test_a_file_may_be_written_as_windows_does(tmp_path: Path) -> None:
    rows = (r"set\a.mid,test", r"C:\music\set\b.mid,valid", r"caf\xe9.mid,test")
    splits = read(tmp_path, "file,split", *rows)
    assert splits.of("set/a.mid", "set/a.mid") == ("test", "index")
    assert splits.of("b.mid", "b.mid") == ("valid", "index")
    assert splits.of(r"caf\xe9.mid", r"caf\xe9.mid") == ("test", "index"), "as names are printed"


def test_a_base_name_of_two_pieces_names_neither(tmp_path: Path) -> None:
    splits = read(tmp_path, "file,split", "one/1.mid,test", "two/1.mid,train")
    assert splits.of("one/1.mid", "one/1.mid") == ("test", "index")
    assert splits.of("three/1.mid", "three/1.mid")[1] == "hash"


def test_file_and_id_together_name_a_piece(tmp_path: Path) -> None:
    rows = ("a.abc,1,train", "a.abc,2,train", "b.abc,1,test", "b.abc,2,valid")
    splits = read(tmp_path, "file,id,split", *rows)
    found = {(file, piece): splits.of(f"{file}.abc", piece) for file in "ab" for piece in "12"}
    assert found == {
        ("a", "1"): ("train", "index"),
        ("a", "2"): ("train", "index"),
        ("b", "1"): ("test", "index"),
        ("b", "2"): ("valid", "index"),
    }
    assert splits.of("books/b.abc", "1 (2)") == ("test", "index")
    assert splits.of("a.abc", "3") == ("train", "index")
    assert splits.of("b.abc", "3")[1] == splits.of("c.abc", "1")[1] == "hash"


def test_either_column_names_a_piece_where_it_names_one(tmp_path: Path) -> None:
    splits = read(tmp_path, "id,path,split", "jig7,/far/away/audio7.wav,test", "jig8,/far/away/8.wav,train")
    assert splits.of("book.abc", "jig7") == ("test", "index")
    assert splits.of("8.mid", "8.mid") == ("train", "index")


def test_a_file_goes_before_the_pieces_that_rows_name_in_it(tmp_path: Path) -> None:
    for rows in (("a.abc,,test", "a.abc,1,train"), ("a.abc,1,train", "a.abc,,test")):
        splits = read(tmp_path, "file,id,split", *rows)
        assert [splits.of("a.abc", piece)[0] for piece in "12"] == ["train", "test"]


def test_a_title_of_two_pieces_names_neither_where_their_ids_do(tmp_path: Path) -> None:
    splits = read(tmp_path, "id,name,split", "1,Gavotte,test", "2,Gavotte,train", "3,Gavotte,train")
    assert [splits.of("a.abc", piece)[0] for piece in "123"] == ["test", "train", "train"]
    assert splits.of("a.abc", "Gavotte")[1] == "hash"


def test_by_song_number_of_the_folder(tmp_path: Path) -> None:
    splits = read(tmp_path, "song_id,split", "002,test")
    assert splits.of("POP909/002/002.mid", "POP909/002/002.mid") == ("test", "index")


@pytest.mark.parametrize(
    ("file", "own", "split"),
    [
        ("valid/a.mid", None, "valid"),
        ("x/Validation/a.mid", None, "valid"),
        ("tunes.test.abc", None, "test"),
        ("train/x/test/a.mid", None, "test"),  # the innermost name wins
        ("grid.json", "train", "train"),
    ],
)
def test_by_name(file: str, own: str | None, split: str) -> None:
    assert Splits({}).of(file, "1", own) == (split, "name")


def test_by_hash_about_eight_to_one_to_one_and_always_the_same() -> None:
    found = [Splits({}).of(f"{i}.mid", f"{i}.mid")[0] for i in range(2000)]
    counts = Counter(found)
    assert counts["train"] == pytest.approx(1600, abs=60)
    assert counts["valid"] == pytest.approx(200, abs=45)
    assert found == [Splits({}).of(f"{i}.mid", f"{i}.mid")[0] for i in range(2000)]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ("file,part", "a,train"),
            r"needs a column split .*it has 'file', 'part'\. Add what is missing, or give",
        ),
        (("file,split",), r"it has no rows\. Add"),
        (("split,title", "train,a"), "needs a column split and one of"),
        (("file,split", "a,private"), "line 2: split 'private'"),
        (
            ("file,split", "a.mid,test", "b.mid,test", "a.mid,train"),
            r"csv, line 4: 'a.mid' is in train here, and in test by index .*csv, line 2; give",
        ),
        (("file,id,split", "a,1,test", "a,1,train"), "line 3: 'a' and '1' is in train here"),
        (("id,split", "1,test", "1,train"), "where two have one name a column with its file"),
    ],
)
def test_wrong_indexes(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, *lines)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_of_an_index(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "index.csv"
    path.write_text("file,split\ncafé.mid,test\n", encoding=encoding)
    assert Splits.read([path]).of("café.mid", "café.mid") == ("test", "index")


def test_an_index_in_another_encoding_is_told_how_to_be_saved(tmp_path: Path) -> None:
    path = tmp_path / "index.csv"
    path.write_text("file,split\ncafé.mid,test\n", encoding="cp1252")
    with pytest.raises(ConfigError, match=r"index .*index\.csv is not UTF-8: save it as CSV UTF-8"):
        Splits.read([path])
