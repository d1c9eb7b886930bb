from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer
from waiting import PATIENCE_S

from qa.encode import (
    Encoder,
    Encoding,
    model_fingerprint,
    model_name,
    open_encoder,
    open_question_encoder,
    packaged_model,
)
from qa.encode.packaged_model import verify_files
from qa.errors import ModelUnavailable, PackageMissing
from qa.reading.passages import cut_passages, embedding_text
from qa.records import Document
from qa.settings import Settings

pytestmark = pytest.mark.model

ROOT = Path(__file__).parent.parent

TEXTS = [
    "The nurse runs the clinic.",
    "Who pays?",
    "Members pay a premium in advance; the health plan pays the medical groups. " * 8,
    "Café – “Total Health” 😀 für alle",
    "",
]

PACKAGED_MODEL = import_module("qa.encode.packaged_model")  # whose function of the same name hides it in its package


def one(encoder: Encoder, text: str) -> Encoding:
    (encoding,) = encoder.encode_texts([text])
    return encoding


def same(first: Encoding, second: Encoding) -> bool:
    """Whether two encodings are equal, bit for bit."""
    pairs = [(first.vector, second.vector), (first.tokens, second.tokens), (first.spans, second.spans)]
    return all(np.array_equal(left, right) for left, right in pairs)


# Imported in the tests that use it, since it takes seconds: torch, transformers and sentence_transformers.


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with random weights and a few words, saved in the form of sentence-transformers and transformers."""
    import torch
    import transformers

    folder = tmp_path_factory.mktemp("models") / "tiny"
    folder.mkdir()
    words = "[PAD] [UNK] [CLS] [SEP] [MASK] the nurse runs clinic who pays ask : ? . ##s cl ##inic".split()
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt"), do_lower_case=True).save_pretrained(folder)
    torch.manual_seed(7)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    transformers.BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """The packaged model through sentence-transformers."""
    return open_encoder(Settings())


@pytest.fixture(scope="module")
def bare() -> Encoder:
    """The packaged model without sentence-transformers."""
    return open_question_encoder(Settings())


@pytest.fixture(params=["bare", "through the library"])
def any_way(request: pytest.FixtureRequest, encoder: Encoder, bare: Encoder) -> Encoder:
    """Both implementations of the packaged model."""
    return bare if request.param == "bare" else encoder


@pytest.fixture(scope="module", params=["bare", "through the library", "folder"])
def any_encoder(request: pytest.FixtureRequest, encoder: Encoder, bare: Encoder, tiny_folder: Path) -> Encoder:
    """Every kind of encoder passes the same tests."""
    if request.param == "folder":
        return open_encoder(Settings(model=str(tiny_folder)))
    return bare if request.param == "bare" else encoder


# Every encoder


def test_vectors_are_of_unit_length_and_of_the_stated_dimension(any_encoder: Encoder) -> None:
    for encoding in (*any_encoder.encode_texts(TEXTS), any_encoder.encode_question("Who pays?")):
        assert encoding.vector.shape == (any_encoder.dimension,)
        assert encoding.tokens.shape == (len(encoding.spans), any_encoder.dimension)
        assert encoding.spans.shape[1:] == (2,)
        assert (encoding.vector.dtype, encoding.tokens.dtype, encoding.spans.dtype) == (
            np.float32,
            np.float32,
            np.int32,
        )
        np.testing.assert_allclose(np.linalg.norm(encoding.vector), 1, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(encoding.tokens, axis=1), 1, atol=1e-5)


def test_spans_are_the_places_of_words_in_code_points(any_encoder: Encoder) -> None:
    text = "😀 the nurse, CLINIC"
    spans = one(any_encoder, text).spans.tolist()
    assert spans[0] == spans[-1] == [-1, -1], "the model's own tokens are nowhere in the text"
    assert [text[start:end] for start, end in spans[1:-1]] == ["😀", "the", "nurse", ",", "CLINIC"]


def test_a_text_alone_is_what_it_is_among_others(any_encoder: Encoder) -> None:
    together = list(any_encoder.encode_texts(TEXTS))
    assert len(together) == len(TEXTS)
    assert all(same(one(any_encoder, text), encoding) for text, encoding in zip(TEXTS, together, strict=True))


def test_no_texts_are_no_encodings(any_encoder: Encoder) -> None:
    assert list(any_encoder.encode_texts([])) == []


def test_a_text_beyond_the_models_length_is_cut_short(any_encoder: Encoder) -> None:
    encoding = one(any_encoder, "the nurse " * 1000)
    assert 10 < len(encoding.spans) <= 512
    assert encoding.spans.max() < 512 * 10


def test_a_word_is_one_token_of_the_model(any_encoder: Encoder) -> None:
    words = "nurse Nurse NURSE nurze hospital hopsital managment café U.S 1945 q zq I'd x-ray naïve 医 😀".split()
    for word in (*words, "a" * 99, "a" * 100, "a" * 101, "zq" * 60, "Zürich", "İ", "ﬁ"):
        tokens = one(any_encoder, word).spans
        assert any_encoder.is_word(word) == ((tokens[:, 0] >= 0).sum() == 1), word


def test_more_texts_than_are_in_flight_come_in_order(any_encoder: Encoder) -> None:
    texts = [f"the nurse {'runs ' * (number % 7)}" for number in range(150)]
    first = {text: one(any_encoder, text) for text in set(texts)}
    assert all(same(first[text], each) for text, each in zip(texts, any_encoder.encode_texts(texts), strict=True))


def test_groups_are_their_texts_and_empty_ones_keep_their_places(any_encoder: Encoder) -> None:
    groups = [(), tuple(TEXTS[:2]), (), (), (TEXTS[3],), *[()] * 40, (TEXTS[0],)]
    found = list(any_encoder.encode_groups(groups))
    assert [len(encodings) for encodings in found] == [len(group) for group in groups]
    for group, encodings in zip(groups, found, strict=True):
        assert all(same(one(any_encoder, text), each) for text, each in zip(group, encodings, strict=True))


# The packaged model


def test_questions_have_the_same_bits_with_and_without_the_library(encoder: Encoder, bare: Encoder) -> None:
    files = [ROOT / "tests/golden/questions.jsonl", ROOT / "tests/golden/verdicts.jsonl"]
    questions = {json.loads(line)["question"] for file in files for line in file.read_text("utf-8").splitlines()}
    assert len(questions) > 100
    for question in (*questions, *TEXTS):
        assert same(encoder.encode_question(question), bare.encode_question(question)), question
        assert [bare.is_word(word) for word in question.split()] == [encoder.is_word(word) for word in question.split()]


def test_passages_have_the_same_bits_with_and_without_the_library(
    encoder: Encoder, bare: Encoder, seeds: tuple[Document, ...]
) -> None:
    passages = [(document.title, passage) for document in seeds for passage in cut_passages(document)]
    texts = [embedding_text(title, passage)[0] for title, passage in passages] + TEXTS
    texts += [passage.text[span.start : span.end] for _, passage in passages for span in passage.sentences]
    assert len(texts) > 100
    pairs = zip(encoder.encode_texts(texts), bare.encode_texts(texts), strict=True)
    assert [text for text, (one, other) in zip(texts, pairs, strict=True) if not same(one, other)] == []


def test_both_ways_are_one_model_to_an_index(encoder: Encoder, bare: Encoder) -> None:
    assert (bare.id, bare.fingerprint, bare.dimension) == (encoder.id, encoder.fingerprint, encoder.dimension)


def test_a_named_model_answers_questions_through_the_library(tiny_folder: Path) -> None:
    named = Settings(model=str(tiny_folder))
    for question in TEXTS:
        assert same(
            open_question_encoder(named).encode_question(question), open_encoder(named).encode_question(question)
        )


def test_one_thread_encodes_what_two_do(encoder: Encoder) -> None:
    one_thread, two_threads = (open_question_encoder(Settings(threads=threads)) for threads in (1, 2))
    pairs = zip(
        one_thread.encode_texts(TEXTS), two_threads.encode_texts(TEXTS), encoder.encode_texts(TEXTS), strict=True
    )
    assert all(same(first, second) and same(second, third) for first, second, third in pairs)


def test_a_question_among_others_is_encoded_as_alone(encoder: Encoder) -> None:
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(encoder.encode_question, TEXTS * 3))
    for text, among_others in zip(TEXTS * 3, together, strict=True):
        np.testing.assert_array_equal(encoder.encode_question(text).tokens, among_others.tokens)


def test_a_question_is_encoded_with_a_prompt_whose_tokens_are_left_out(encoder: Encoder) -> None:
    question = encoder.encode_question("who pays?")
    assert question.spans.tolist() == [[-1, -1], [0, 3], [4, 8], [8, 9], [-1, -1]]
    assert not np.allclose(question.vector, one(encoder, "who pays?").vector, atol=1e-2), "the prompt had no effect"


def test_like_texts_are_nearer_than_unlike_ones(encoder: Encoder) -> None:
    question = encoder.encode_question("Who bears the cost of insurance?").vector
    like, unlike = encoder.encode_texts(["Members pay a premium in advance.", "The slides are blue and green."])
    assert like.vector @ question > unlike.vector @ question + 0.1


def test_the_fingerprint_is_known_without_loading_the_model(encoder: Encoder) -> None:
    assert model_fingerprint(Settings()) == packaged_model().fingerprint == encoder.fingerprint


# Weights


def test_files_that_are_as_expected_pass(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"weights")
    verify_files(tmp_path, {"model.onnx": sha256(b"weights").hexdigest()})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"model\.onnx cannot be read \(No such file or directory\)"):
        verify_files(tmp_path, {"model.onnx": "0" * 64})


def test_an_altered_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"other weights")
    with pytest.raises(ModelUnavailable, match=r"model\.onnx is altered: SHA-256 .* instead of 000000000000…"):
        verify_files(tmp_path, {"model.onnx": "0" * 64})


def test_the_packaged_files_are_checked_before_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PACKAGED_MODEL, "DIGESTS", {"tokenizer.json": "0" * 64})
    with pytest.raises(ModelUnavailable, match=r"tokenizer\.json is altered"):
        packaged_model()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PACKAGED_MODEL, "DISTRIBUTION", "no-such-package")
    with pytest.raises(ModelUnavailable, match=r"no-such-package is missing\. Install .* QA_MODEL"):
        packaged_model()


# Models from settings


def test_a_users_prompt_goes_before_the_question(tiny_folder: Path) -> None:
    plain = open_encoder(Settings(model=str(tiny_folder)))
    prompted = open_encoder(Settings(model=str(tiny_folder), query_prompt="ask: "))
    with_prompt, without = (each.encode_question("who pays?") for each in (prompted, plain))
    assert with_prompt.spans.tolist() == without.spans.tolist() == [[-1, -1], [0, 3], [4, 8], [8, 9], [-1, -1]]
    assert not np.allclose(with_prompt.vector, without.vector)
    assert same(one(prompted, "who pays?"), one(plain, "who pays?")), "texts take no prompt"


def test_a_fingerprint_changes_with_weights_and_prompt_and_nothing_else(tiny_folder: Path, tmp_path: Path) -> None:
    import torch
    import transformers

    named = Settings(model=str(tiny_folder))
    model = transformers.BertModel.from_pretrained(tiny_folder)
    with torch.no_grad():
        model.embeddings.word_embeddings.weight[5, 0] += 1
    altered = tmp_path / "altered"
    transformers.AutoTokenizer.from_pretrained(tiny_folder).save_pretrained(altered)
    model.save_pretrained(altered)
    fingerprints = [
        model_fingerprint(settings)
        for settings in (
            named,
            named.model_copy(update={"threads": 1}),
            named.model_copy(update={"query_prompt": "ask: "}),
            named.model_copy(update={"model": str(altered)}),
            Settings(),
        )
    ]
    assert fingerprints[0] == fingerprints[1]
    assert len(set(fingerprints)) == 4


@pytest.mark.parametrize("name", ["no/such-model-anywhere", "./no-such-folder", "!?"])
def test_a_model_that_cannot_be_loaded_is_named(name: str) -> None:
    with pytest.raises(ModelUnavailable, match=r"^QA_MODEL=.* cannot be loaded: .") as caught:
        open_encoder(Settings(model=name))
    assert repr(name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_without_token_vectors_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    tokenizer = Tokenizer.from_file(str(tiny_folder / "tokenizer.json"))
    static = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=8)], device="cpu")
    static.save(str(tmp_path / "static"))
    with pytest.raises(ModelUnavailable, match="gives no token vectors; name a transformer model in QA_MODEL"):
        open_encoder(Settings(model=str(tmp_path / "static")))


def test_a_model_of_the_hub_is_taken_at_the_commit_named(tiny_folder: Path, tmp_path: Path) -> None:
    """Two commits of one model in the hub client's cache; the second is the newest."""
    import torch
    import transformers

    repository = tmp_path / "models--example--tiny"
    commits = ("1" * 40, "2" * 40)
    for commit, seed in zip(commits, (7, 8), strict=True):
        folder = repository / "snapshots" / commit
        shutil.copytree(tiny_folder, folder)
        torch.manual_seed(seed)
        config = transformers.BertConfig.from_pretrained(folder)
        transformers.BertModel(config).save_pretrained(folder)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(commits[1])

    # In one other process, since the hub's client reads its folder's name when it is imported.
    program = """if True:
        import sys
        from qa.encode import open_encoder
        from qa.errors import ModelUnavailable
        from qa.settings import Settings

        for revision in sys.argv[1:]:
            try:
                print(open_encoder(Settings(model="example/tiny", model_revision=revision)).fingerprint)
            except ModelUnavailable as error:
                print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", program, "", *commits, "3" * 40],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    newest, first, second, unknown = done.stdout.splitlines()
    assert newest == second != first
    assert len(first) == 64
    assert unknown.startswith(f"QA_MODEL='example/tiny' at QA_MODEL_REVISION='{'3' * 40}' cannot")


def test_the_commit_is_part_of_the_models_name() -> None:
    assert model_name(Settings()) == "packaged"
    assert model_name(Settings(model="a/b")) == "a/b"
    assert model_name(Settings(model="a/b", model_revision="c0ffee")) == "a/b@c0ffee"


def test_a_folder_has_no_revisions(tiny_folder: Path) -> None:
    with pytest.raises(ModelUnavailable, match="leave QA_MODEL_REVISION empty"):
        open_encoder(Settings(model=str(tiny_folder), model_revision="c0ffee"))


# Too little memory, and libraries that cannot be loaded


@pytest.mark.skipif(sys.platform != "linux", reason="memory is not limited so elsewhere")
@pytest.mark.parametrize(
    ("command", "most_mb"),
    [
        *((["serve"], most_mb) for most_mb in (450, 550, 650)),
        *((["ask", "who"], most_mb) for most_mb in (450, 550, 650)),
        *((["build"], most_mb) for most_mb in (700, 1000, 1170)),
    ],
    ids=str,
)
def test_too_little_memory_for_the_model_is_one_line(tmp_path: Path, command: list[str], most_mb: int) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds/pier.txt").write_text("Built in 1871.")
    code = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({most_mb} << 20, {most_mb} << 20))\n"
        "from qa.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "QA_PORT": "0"}
    full = [sys.executable, "-c", code, *command]
    ended = subprocess.run(full, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("qa: model_unavailable: There is too little memory")
    assert "Traceback" not in ended.stderr


def onnxruntime_failure() -> Exception:
    """The error that onnxruntime raises for a network that it cannot load."""
    with pytest.raises(Exception, match=r"Load model from nothing\.onnx failed") as caught:
        onnxruntime.InferenceSession("nothing.onnx")
    return caught.value


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (MemoryError(), "there is too little memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "there is too little memory"),
        (ImportError("libtorch_cpu.so: failed to map segment from shared object"), "there is too little memory"),
        (ImportError("No module named 'torch'"), "a library is missing or broken (No module named 'torch')"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (onnxruntime_failure, "Load model from nothing.onnx failed"),
    ],
    ids=["memory", "allocator", "library not mapped", "library missing", "disk", "network"],
)
def test_whatever_a_library_raises_means_that_there_is_no_model(monkeypatch, failure, said) -> None:
    def fail(*_: object) -> None:
        raise failure() if callable(failure) else failure

    monkeypatch.setattr("qa.encode.onnx_network.OnnxNetwork.__init__", fail)
    for opened in (open_encoder, open_question_encoder):
        with pytest.raises(ModelUnavailable, match="cannot be loaded") as caught:
            opened(Settings())
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("library", ["sentence_transformers", "torch"])
def test_a_library_that_is_left_out_is_named_where_it_is_needed(monkeypatch, tiny_folder: Path, library: str) -> None:
    monkeypatch.delitem(sys.modules, "qa.encode.sentence_transformers", raising=False)
    monkeypatch.delattr("qa.encode.sentence_transformers", raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    assert open_question_encoder(Settings()).dimension == 384
    named = Settings(model=str(tiny_folder))
    for opened, settings in ((open_encoder, Settings()), (open_encoder, named), (open_question_encoder, named)):
        with pytest.raises(PackageMissing, match=r"needs .*, which this environment leaves out\. Install requirements"):
            opened(settings)


def test_a_model_that_fails_while_it_encodes_is_unavailable(any_way: Encoder, monkeypatch) -> None:
    def starve(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(onnxruntime.InferenceSession, "run", starve)
    with pytest.raises(ModelUnavailable, match="cannot encode a text: there is too little memory"):
        any_way.encode_question("who")
