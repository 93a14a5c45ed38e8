"""The transcribed numbers against the sums, differences and ratios that the papers state."""

import math

import pytest

from emobook import results

PAPERS = ("rao2019", "rapolu2023", "kim2018", "agarwal2019", "you2016")
ALL = results.reported()
CELLS = ALL.set_index(["paper", "item", "row", "column"])
MIKELS = ["Amusement", "Anger", "Awe", "Contentment", "Disgust", "Excitement", "Fear", "Sadness"]


def number(paper, item, row, column, corrected=False):
    cell = CELLS.loc[(paper, item, row, column)]
    return cell.corrected if corrected and not math.isnan(cell.corrected) else cell.printed


def column(paper, item, name, rows=None):
    part = ALL[(ALL.paper == paper) & (ALL["item"] == item) & (ALL.column == name)]
    return part[part.row.isin(rows)].printed if rows else part.printed


def test_the_columns_that_others_rely_on():
    names = ["paper", "item", "row", "column", "printed", "corrected", "erratum", "unit", "note"]
    assert list(ALL.columns) == names
    assert set(ALL.paper) == set(PAPERS)
    assert set(results.reported("kim2018").paper) == {"kim2018"}
    with pytest.raises(ValueError, match="paper must be one of"):
        results.reported("rao2016")


def test_no_cell_is_listed_twice_and_none_lacks_its_place():
    assert not ALL.duplicated(["paper", "item", "row", "column"]).any()
    assert (ALL[["item", "row", "column"]] != "").all(axis=None)


@pytest.mark.parametrize(
    ("paper", "item", "cells"),
    [
        ("rao2019", "Table 1", 10),
        ("rao2019", "Table 2", 18),
        ("rao2019", "Table 3", 150),
        ("rapolu2023", "Table 1", 45 - 6),
        ("rapolu2023", "Table 2", 45),
        ("rapolu2023", "Table 3", 9),
        ("kim2018", "Table I", 5),
        ("kim2018", "Table II", 96),
        ("kim2018", "Table III", 12 + 12 + 8 + 1),
        ("kim2018", "Table IV", 16),
        ("kim2018", "keywords", 22),
        ("you2016", "Table 1", 36),
        ("you2016", "Table 2", 18),
        ("you2016", "Table 3", 9),
    ],
)
def test_every_printed_cell_of_every_table_is_there(paper, item, cells):
    assert column_count(paper, item) == cells


def column_count(paper, item):
    return ALL[(ALL.paper == paper) & (ALL["item"] == item)].printed.notna().sum()


def test_values_that_are_only_pictures_stay_empty():
    figures = ALL[ALL["item"].str.startswith("Figure")]
    assert figures.printed.isna().all()
    assert set(figures.paper) == {"rao2019", "rapolu2023", "kim2018", "you2016"}
    empty = ALL[ALL.printed.isna() & ~ALL["item"].str.startswith("Figure")]
    assert empty.note.str.startswith("a dash in print").all()


def test_percentages_are_percentages():
    shares = ALL[(ALL.unit == "%") & ALL.printed.notna()]
    assert shares.printed.between(0, 100).all()
    assert (shares[shares["item"].isin(["Table 2", "Table 3"])].printed > 1).all()


def test_each_erratum_is_explained_and_each_correction_has_one():
    known = results.errata()
    assert known.id.is_unique
    assert set(known.status) <= {"V", "T", "D"}
    assert (known != "").all(axis=None)
    assert set(ALL.erratum) - {""} <= set(known.id)
    assert (ALL[ALL.corrected.notna()].erratum != "").all()


# ---- Rao et al. 2019 ----


@pytest.mark.parametrize(
    ("better", "worse", "of", "stated"),
    [
        ("Ours + object regions", "ResNet101", "FI-8", "object regions over ResNet101"),
        ("Ours + object regions", "ResNet101", "FI-2", "object regions over ResNet101"),
        ("Ours + emotional regions", "ResNet101", "FI-8", "emotional regions over ResNet101"),
        ("Ours + emotional regions", "ResNet101", "FI-2", "emotional regions over ResNet101"),
        (
            "Ours + emotional regions",
            "Ours + object regions",
            "FI-8",
            "emotional over object regions",
        ),
        (
            "Ours + emotional regions",
            "Ours + object regions",
            "FI-2",
            "emotional over object regions",
        ),
    ],
)
def test_rao_region_gains_follow_from_table_1(better, worse, of, stated):
    gain = number("rao2019", "Table 1", better, of) - number("rao2019", "Table 1", worse, of)
    assert gain == pytest.approx(number("rao2019", "text", f"gain of {stated}", of), abs=1e-6)


@pytest.mark.parametrize(("of", "gain"), [("FI-8", 13.64), ("FI-2", 11.75)])
def test_rao_resnet_of_table_3_contradicts_the_text_until_corrected(of, gain):
    ours, resnet = (number("rao2019", "Table 3", row, of) for row in ("Ours", "ResNet101"))
    assert ours - resnet == pytest.approx(gain)
    corrected = number("rao2019", "Table 3", "ResNet101", of, corrected=True)
    assert corrected == number("rao2019", "Table 1", "ResNet101", of)
    assert corrected == number("rao2019", "Table 2", "ResNet101 + L_cls", of)


@pytest.mark.parametrize(
    ("network", "gain8", "gain2"),
    [("Ours", 2.41, 1.57), ("AlexNet", 1.71, 2.39), ("ResNet101", 1.95, 2.48)],
)
def test_rao_two_percent_of_l_multi(network, gain8, gain2):
    for of, gain in (("FI-8", gain8), ("FI-2", gain2)):
        multi, plain = (
            number("rao2019", "Table 2", f"{network} + {loss}", of) for loss in ("L_multi", "L_cls")
        )
        assert multi - plain == pytest.approx(gain)
        assert abs(gain - number("rao2019", "text", "gain of L_multi over L_cls", "FI")) < 0.5


@pytest.mark.parametrize(
    ("network", "worse"), [("AlexNet", True), ("ResNet101", True), ("Ours", False)]
)
def test_rao_l_p_is_worse_except_for_the_full_model(network, worse):
    for of in ("FI-8", "FI-2"):
        l_p = number("rao2019", "Table 2", f"{network} + L_p", of)
        assert (l_p < number("rao2019", "Table 2", f"{network} + L_cls", of)) == worse


def test_rao_object_regions_only_cannot_be_88():
    table = ALL[(ALL.paper == "rao2019") & (ALL["item"] == "Table 1")]
    wide = table.pivot(index="row", columns="column", values="printed")
    gap = wide["FI-2"] - wide["FI-8"]
    odd = gap.pop("object regions only")
    assert gap.min() == pytest.approx(12.05)
    assert gap.max() == pytest.approx(13.85)
    assert odd == pytest.approx(33.62)
    better = number("rao2019", "Table 1", "object regions only", "FI-2", corrected=True) - 54.82
    assert gap.min() <= better <= gap.max()


def test_rao_emotionroi_repeats_its_two_classes():
    table = ALL[(ALL.paper == "rao2019") & (ALL["item"] == "Table 3")]
    wide = table.pivot(index="row", columns="column", values="printed")
    assert (wide["EmotionROI-8"] == wide["EmotionROI-2"]).all()
    assert (wide.drop(columns=["EmotionROI-8", "EmotionROI-2"]).loc["Ours"]
            == wide.drop(columns=["EmotionROI-8", "EmotionROI-2"]).max()).all()  # fmt: skip


def test_rao_methods_below_the_majority_of_fi():
    counts = {e: number("you2016", "Table 2", "Labeled", e) for e in MIKELS}
    positive = sum(counts[e] for e in ("Amusement", "Awe", "Contentment", "Excitement"))
    assert positive == 16_430
    majority = 100 * positive / 23_308
    assert majority == pytest.approx(70.49, abs=0.005)
    table = ALL[(ALL.paper == "rao2019") & (ALL["item"] == "Table 3") & (ALL.column == "FI-2")]
    below = set(table[table.printed < majority].row)
    assert below == {"GCH", "LCH", "GCH+BoW", "LCH+BoW", "Zhao", "Rao(a)", "SentiBank", "AlexNet",
                     "DeepSentiBank"}  # fmt: skip
    assert number("rao2019", "Table 2", "AlexNet + L_cls", "FI-2") < majority


# ---- Rapolu et al. 2023 ----


@pytest.mark.parametrize(
    ("of", "total"),
    [("IE", 21_836), ("E-ROI", 1_650), ("Artphoto", 806), ("AP", 280), ("Ours", 2_146)],
)
def test_rapolu_counts_add_up(of, total):
    name = {"Artphoto": "ArtPhoto"}.get(of, of)
    assert column("rapolu2023", "Table 1", name, MIKELS).sum() == total
    assert number("rapolu2023", "Table 1", "Total", name) == total


def test_rapolu_emotionroi_is_five_times_330_and_ties_make_280_paintings():
    rooms = column("rapolu2023", "Table 1", "E-ROI", MIKELS).dropna()
    assert list(rooms) == [330] * 5
    extra = [
        number("rapolu2023", "Table 1", e, "AP")
        - number("you2016", "Table 1", "Abstract Paintings", e)
        for e in MIKELS
    ]
    assert extra == [8, 6, 13, 9, 11, 0, 5, 0]
    assert sum(extra) == 280 - 228


@pytest.mark.parametrize(
    ("after", "before", "gain"),
    [
        ("α = 1", "Diff-CNN1 alone, as the start of α = 1", 1.22),
        ("α = 0", "Diff-CNN2 alone, as the start of α = 0", 0.71),
        ("α = 1", "Diff-CNN1 alone", 2.14),
        ("α = 0", "Diff-CNN2 alone", -0.21),
    ],
)
def test_rapolu_gains_under_both_readings_of_the_swapped_accuracies(after, before, gain):
    difference = number("rapolu2023", "text", after, "IE") - number(
        "rapolu2023", "text", before, "IE"
    )
    assert difference == pytest.approx(gain)
    assert number("rapolu2023", "text", after, "IE") == number("rapolu2023", "Table 2", after, "IE")


def test_rapolu_gains_of_the_text():
    beta = [number("rapolu2023", "Table 2", f"β = {b}", "IE") for b in ("0.5", "0.25")]
    stated = number("rapolu2023", "text", "gain of β = 0.5 over β = 0.25", "IE")
    assert beta[0] - beta[1] == pytest.approx(stated)
    best = number("rapolu2023", "Table 3", "differential convex combination, α = 0.75", "IE")
    assert best == column("rapolu2023", "Table 3", "IE").max()
    assert best - number("rapolu2023", "Table 3", "LiteEmote", "IE") == pytest.approx(6.08)
    for model in ("α = 0.75", "β = 0"):
        before = number("rapolu2023", "text", f"{model} before the support vector machine", "IE")
        assert before == number("rapolu2023", "Table 2", model, "IE")
    assert number("rapolu2023", "text", "α = 0.75 after the support vector machine", "IE") == best


# ---- Kim et al. 2018 ----


def test_kim_keywords_add_up_but_the_total_does_not():
    assert column("kim2018", "keywords", "images").sum() == 6_844
    kept = number("kim2018", "text", "images kept from the keywords", "dataset")
    taken = number("kim2018", "text", "images taken from You et al.", "dataset")
    total = number("kim2018", "text", "images in total", "dataset")
    assert (kept, kept + taken, total - kept - taken) == (6_844, 10_080, 686)
    assert taken / 8 == 404.5
    folds = (number("kim2018", "text", f"{part} images per fold", "network")
             for part in ("training", "test"))  # fmt: skip
    assert sum(folds) == total


def test_kim_input_layers_add_up():
    low, objects, semantic, everything = (
        number("kim2018", "Table III", "input", c) for c in ("Low", "VGG16", "semantic", "All")
    )
    assert (low, objects, semantic) == (438, 1000, 150)
    assert (
        low + objects + semantic == everything == number("kim2018", "Table I", "Input", "neurons")
    )
    assert number("kim2018", "text", "input", "network", corrected=True) == everything
    attributes = number("kim2018", "text", "category-level attributes (row O)", "features")
    stated = number("kim2018", "text", "input with category-level attributes", "network")
    assert low + attributes + semantic == stated == 2588
    gist = number("kim2018", "text", "GIST", "low-level features", corrected=True)
    texture = number("kim2018", "text", "local binary patterns", "low-level features")
    assert gist + texture + 59 == low


def test_kim_third_layer_is_half_the_second():
    for family, third in (
        ("Low", "Low"),
        ("Object", "VGG16"),
        ("semantic", "semantic"),
        ("All", "All"),
    ):
        second = number("kim2018", "Table III", "h2", family)
        assert number("kim2018", "Table III", "h3", third) == second / 2
    assert number("kim2018", "Table I", "H3", "neurons", corrected=True) == 500


TABLE_II = ALL[(ALL.paper == "kim2018") & (ALL["item"] == "Table II")]


@pytest.mark.parametrize("row", TABLE_II.row.unique())
def test_kim_averages_of_the_folds(row):
    wide = TABLE_II[TABLE_II.row == row].set_index("column")
    mean = wide.printed.drop("Avg").mean()
    if row == "Arousal test R":  # print rounds up what the folds put just below
        assert mean == pytest.approx(1.474)
        assert wide.loc["Avg", "corrected"] == pytest.approx(mean)
    else:
        assert wide.loc["Avg", "printed"] == pytest.approx(mean, abs=0.0051)


def test_kim_vgg_leads_resnet_by_thousandths():
    means = TABLE_II[TABLE_II.column != "Avg"].groupby("row").printed.mean()
    assert means["Valence test R"] - means["Valence test V"] == pytest.approx(0.008)
    assert means["Arousal test R"] - means["Arousal test V"] == pytest.approx(0.004)


@pytest.mark.parametrize("dimension", ["Valence", "Arousal"])
def test_kim_the_same_best_error_in_four_places(dimension):
    places = [
        number("kim2018", "Table II", f"{dimension} test V", "Avg"),
        number("kim2018", "Table III", dimension, "All"),
        number("kim2018", "Table IV", dimension, "Ours"),
        number("kim2018", "text", "best test error, VGG16 features", dimension),
    ]
    assert len(set(places)) == 1
    resnet, semantic, low = (
        number("kim2018", "Table III", dimension, c) for c in ("ResNet", "semantic", "Low")
    )
    assert resnet > semantic
    assert resnet >= low


# ---- You et al. 2016, Agarwal 2019 ----


@pytest.mark.parametrize(
    ("item", "row", "total"),
    [
        ("Table 1", "IAPS-Subset", 395),
        ("Table 1", "ArtPhoto", 806),
        ("Table 1", "Abstract Paintings", 228),
        ("Table 1", "In Total", 1_429),
        ("Table 2", "Submitted", 90_000),
        ("Table 2", "Labeled", 23_308),
    ],
)
def test_you_rows_add_up(item, row, total):
    assert sum(number("you2016", item, row, e) for e in MIKELS) == total
    assert number("you2016", item, row, "Sum") == total


@pytest.mark.parametrize("emotion", [*MIKELS, "Sum"])
def test_you_columns_add_up(emotion):
    parts = ["IAPS-Subset", "ArtPhoto", "Abstract Paintings"]
    total = number("you2016", "Table 1", "In Total", emotion)
    assert column("you2016", "Table 1", emotion, parts).sum() == total


def test_you_sizes_of_the_text():
    def text(row, of="dataset"):
        return number("you2016", "text", row, of)

    submitted = 8 * text("images submitted per emotion") + text("images added for fear")
    assert submitted == number("you2016", "Table 2", "Submitted", "Sum")
    noisy = 7 * text("noisy images per other emotion", "noisy set")
    noisy += text("noisy images of contentment, about", "noisy set")
    assert noisy == text("noisy images in total", "noisy set") == 156_000
    labelled = [number("you2016", "Table 2", "Labeled", e) for e in MIKELS]
    assert min(labelled) > text("images per emotion, at least")


@pytest.mark.parametrize("row", ["ImageNet-CNN", "Noisy-Fine-tuned-CNN", "Fine-tuned-CNN"])
def test_you_accuracies_are_the_counts_over_3490(row):
    correct, tested, accuracy = (
        number("you2016", "Table 3", row, c) for c in ("correct", "tested", "accuracy")
    )
    assert accuracy == pytest.approx(100 * correct / tested, abs=0.05)
    assert tested / 0.15 == pytest.approx(23_267, abs=1)


def test_sizes_that_two_papers_print_agree():
    assert number("rao2019", "text", "images, all labelled", "FI") == 23_308
    assert number("kim2018", "text", "images of You et al.", "dataset") == 23_308
    for name, of in (("IAPSsubset", "IAPS-Subset"), ("ArtPhoto", "ArtPhoto"),
                     ("Abstract", "Abstract Paintings")):  # fmt: skip
        total = number("you2016", "Table 1", of, "Sum")
        assert number("rao2019", "text", "images", name) == total
    photos = [number("rapolu2023", "Table 1", e, "ArtPhoto") for e in MIKELS]
    assert photos == [number("you2016", "Table 1", "ArtPhoto", e) for e in MIKELS]


def test_agarwal_sizes_of_alexnet():
    def text(row, of="AlexNet", corrected=False):
        return number("agarwal2019", "text", row, of, corrected)

    side, kernel, stride = (text("input side", corrected=True), text("layer 1, kernel side"),
                            text("layer 1, stride"))  # fmt: skip
    assert (side - kernel) / stride + 1 == text("layer 1, output side") == 55
    assert (text("input side") - kernel) / stride + 1 == 54.25
    places = text("attention, map side", "proposed network") ** 2
    assert places == text("attention, weights", "proposed network")
    assert places * text("attention, channels", "proposed network") == 9_216
    gap = text("state of the art, section 3.2", "well-labelled set")
    gap -= text("best accuracy of the proposed network", "well-labelled set")
    assert gap == text("distance to the state of the art", "well-labelled set")
    weights, inputs = 0, {2: 48, 3: 256, 4: 192, 5: 192}
    for layer in range(1, 6):
        kernels = text(f"layer {layer}, kernels")
        depth = text(f"layer {layer}, kernel depth")
        assert depth == inputs.get(layer, 3)
        weights += kernels * (depth * text(f"layer {layer}, kernel side") ** 2 + 1)
    wide = text("neurons of each fully connected layer")
    weights += 9_216 * wide + wide + wide**2 + wide + wide * text("classes") + text("classes")
    assert weights == 60_965_224
