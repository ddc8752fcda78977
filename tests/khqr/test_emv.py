"""The EMVCo core on codes of others: it knows no country."""

import pytest

import emvqr
from emvqr import EMVError, RepeatedTagError, crc16, field, fields, parse, seal, tree

# EMVCo's published example (MPM specification, annex): two schemes, an alternate language in Chinese.
EMVCO = (
    "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN5914BEST TRANSPORT"
    "6007BEIJING64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***0708A60086670902ME91320016A0112233449988770708123456786304A13A"
)
PROMPTPAY = seal("00020101021129370016A000000677010111011300668123456785802TH5303764")
VIETQR = seal("00020101021138540010A00000072701240006970436011012345678900208QRIBFTTA53037045802VN")


def test_emvcos_published_example_is_read_whole():
    nodes = {node.path: node.value for root in tree(EMVCO) for node in root.walk()}
    assert crc16(EMVCO[:-4]) == EMVCO[-4:]
    assert nodes["29.00"] == "D15600000000"
    assert (nodes["54"], nodes["59"], nodes["64.01"]) == ("23.72", "BEST TRANSPORT", "最佳运输")
    assert nodes["91.07"] == "12345678"


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [(PROMPTPAY, "29.01", "0066812345678"), (VIETQR, "38.01", "0006970436011012345678900208QRIBFTTA"[:24])],
    ids=["promptpay", "vietqr"],
)
def test_codes_of_other_countries_are_read(text, path, value):
    nodes = {node.path: node for root in tree(text) for node in root.walk()}
    assert (nodes[path].value, nodes[path].tag) == (value, path[-2:])
    assert text[nodes[path].offset + 4 :].startswith(value)


def test_templates_inside_additional_data_go_one_level_deeper():
    inner = field("62", field("50", field("00", "x") + field("01", "yy")) + field("01", "0102AB"))
    assert [node.path for node in tree(inner)[0].walk()] == ["62", "62.50", "62.00"[:3] + "50.00", "62.50.01", "62.01"]


def test_a_template_of_free_text_is_a_value():
    assert tree(field("99", "khqr@aclb"))[0].children == ()


@pytest.mark.parametrize(
    ("text", "offset"),
    [("0", 0), ("00", 0), ("0002", 0), ("000201AA", 6), ("00020153", 6), ("0002015XAB", 6), ("00-1", 0), ("²²01x", 0)],
)
def test_what_is_no_sequence_of_data_objects_is_refused_with_its_place(text, offset):
    for read in (parse, fields, tree):
        with pytest.raises(EMVError) as caught:
            read(text)
        assert caught.value.offset == offset


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("5912សុខា6010Phnom Penh", True),
        ("0002015912សុខា6403អ", True),
        ("5912សុខា6010Phnom", False),
        ("5912សុខា60ab", False),
        ("59xxសុខា", False),
        ("5912Sokha", False),
    ],
)
def test_lengths_that_count_bytes_are_refused_and_it_is_said(text, is_told):
    with pytest.raises(EMVError) as told:
        parse(text)
    assert ("the lengths count bytes of UTF-8, they have to count characters" in str(told.value)) == is_told


def test_an_id_that_stands_twice_is_refused_with_its_second_place():
    with pytest.raises(RepeatedTagError, match="stood at 0 already") as caught:
        fields("000201580200000201")
    assert (caught.value.tag, caught.value.offset) == ("00", 12)


def test_a_value_of_a_hundred_characters_fits_in_no_field():
    with pytest.raises(EMVError, match="at most 99"):
        emvqr.field("59", "x" * 100)
