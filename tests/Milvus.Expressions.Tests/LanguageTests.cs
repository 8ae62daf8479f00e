using Milvus.Model;
using NetTopologySuite.IO;

namespace Milvus.Expressions.Tests;

/// <summary>One statement of the language after the other: a filter, one row, whether the row passes.</summary>
public class LanguageTests
{
    /// <summary>A row is written as <c>name=value; name=value</c>; what is not named is null.</summary>
    [Theory]
    // Precedence and associativity.
    [InlineData("i + 2 * 3 == 7", "i=1", true)]
    [InlineData("(i & 6) == 4", "i=5", true)]
    [InlineData("(i | 2) == 7 and (i ^ 1) == 4", "i=5", true)]
    [InlineData("i == 1 or i == 2 and j == 3", "i=1;j=9", true)]
    [InlineData("not (i == 1) and j == 3", "i=2;j=3", true)]
    [InlineData("-2 ** 2 == -4 and i == 1", "i=1", true)]
    [InlineData("5 >= i > 1", "i=5", true)]
    [InlineData("5 > i > 1", "i=5", false)]
    // Literals.
    [InlineData("i == 012 and j == 0x10", "i=10;j=16", true)]
    [InlineData("i == 0b101", "i=5", true)]
    [InlineData("d == .5", "d=0.5", true)]
    [InlineData("d == 1.5e-1", "d=0.15", true)]
    [InlineData("d == 0x1.8p1", "d=3", true)]
    [InlineData("s == 'it\\'s'", "s=it's", true)]
    [InlineData("s == \"\\u00e9\"", "s=é", true)]
    [InlineData("flag == TRUE", "flag=true", true)]
    // Widths.
    [InlineData("i8 < 300", "i8=5", true)]
    [InlineData("i8 > -300 and i8 != 300", "i8=5", true)]
    [InlineData("i8 == 300", "i8=44", false)]
    [InlineData("i == -9223372036854775808", "i=-9223372036854775808", true)]
    [InlineData("f == 0.1", "f=0.1", true)]
    [InlineData("d == 0.1", "d=0.1", true)]
    [InlineData("f == 3", "f=3", true)]
    // Integer arithmetic does not overflow, division truncates, remainder keeps the sign.
    [InlineData("i + 1 > 9223372036854775807", "i=9223372036854775807", true)]
    [InlineData("i * 2 > 9223372036854775807", "i=9223372036854775807", true)]
    [InlineData("i - 1 < -9223372036854775807", "i=-9223372036854775808", true)]
    [InlineData("i / 2 == -3", "i=-7", true)]
    [InlineData("i % 4 == -3", "i=-7", true)]
    [InlineData("i % -1 == 0", "i=-9223372036854775808", true)]
    [InlineData("2 + i == 5 and 2 * i == 6", "i=3", true)]
    [InlineData("d / 2 == 1.5", "d=3", true)]
    [InlineData("arr[0] + 1 == 3", "arr=[2]", true)]
    [InlineData("arr[0] + 1.0 >= 3 and arr[0] / 4.0 == 0.5 and not (arr[1] * 0.5 != 1.5) and 2.5 - 1 < arr[0] * 1.0", "arr=[2, 3]", true)]
    [InlineData("arr[1] - 0.5 > 0 or arr[1] - 0.5 <= 0", "arr=[2]", false)]
    [InlineData("a[\"x\"] % 2 == 1", "a={\"x\": 3.0}", true)]
    [InlineData("a[\"x\"] / 2 == 1", "a={\"x\": 3}", true)]
    [InlineData("a[\"x\"] / 2 == 1.5", "a={\"x\": 3}", true)]
    // Columns with columns.
    [InlineData("i8 < d", "i8=1;d=1.5", true)]
    [InlineData("i == d", "i=9007199254740993;d=9007199254740992", false)]
    [InlineData("s < t", "s=a;t=b", true)]
    [InlineData("i == j", "i=1", false)]
    [InlineData("not (i == j)", "i=1", false)]
    // in.
    [InlineData("i in [1, 2,]", "i=2", true)]
    [InlineData("i not in []", "i=2", true)]
    [InlineData("i not in []", "", false)]
    [InlineData("d in [1, 2.5]", "d=1", true)]
    [InlineData("a[\"x\"] in [1, \"a\", true]", "a={\"x\": \"a\"}", true)]
    [InlineData("a[\"x\"] in [1, \"a\"]", "a={\"x\": true}", false)]
    [InlineData("a[\"x\"] not in [1, \"a\"]", "a={\"x\": true}", false)]
    [InlineData("a[\"x\"] not in []", "a={}", true)]
    [InlineData("arr[1] in [5]", "arr=[4, 5]", true)]
    // Strings.
    [InlineData("s like \"a%c\"", "s=abbc", true)]
    [InlineData("s like \"%b%\"", "s=abc", true)]
    [InlineData("s like \"a_c\"", "s=aéc", true)]
    [InlineData("s like \"50\\\\%\"", "s=50%", true)]
    [InlineData("s like \"50\\\\%\"", "s=50x", false)]
    [InlineData("s like r\"50\\%\"", "s=50%", true)]
    [InlineData("s like \"%\"", "s=", true)]
    [InlineData("s like \"%\"", "", false)]
    [InlineData("s like \"A%\"", "s=abc", false)]
    [InlineData("s =~ \"b+\"", "s=abbc", true)]
    [InlineData("s =~ \"^\\d+$\"", "s=123", true)]
    [InlineData("s =~ \"(?i)ABC\"", "s=xabcx", true)]
    [InlineData("s !~ \"b\"", "s=xyz", true)]
    [InlineData("s !~ \"b\"", "", false)]
    [InlineData("a[\"x\"] like \"v%\" and arrs[0] like \"%w\"", "a={\"x\": \"vv\"};arrs=[\"ww\"]", true)]
    [InlineData("empty(s)", "s=", true)]
    [InlineData("starts_with(s, \"ab\")", "s=abc", true)]
    [InlineData("text_match(doc, \"red bike\")", "doc=A RED car", true)]
    [InlineData("text_match(doc, \"red bike\", minimum_should_match=2)", "doc=a red car", false)]
    [InlineData("text_match(doc, \"\")", "doc=a red car", false)]
    [InlineData("phrase_match(doc, \"red car\")", "doc=a red car", true)]
    [InlineData("phrase_match(doc, \"car red\")", "doc=a red car", false)]
    [InlineData("phrase_match(doc, \"car red\", 2)", "doc=a red car", true)]
    [InlineData("text_match_fuzzy(doc, \"rde\", max_edit_distance=1)", "doc=a red car", true)]
    [InlineData("text_match_fuzzy(doc, \"reads\", max_edit_distance=1)", "doc=a red car", false)]
    [InlineData("text_match_fuzzy(doc, \"reads\", max_edit_distance=2)", "doc=a red car", true)]
    [InlineData("text_match_fuzzy(doc, \"rde\", max_edit_distance=0)", "doc=a red car", false)]
    // JSON.
    [InlineData("a[\"x\"] == 1", "a={\"x\": 1.0}", true)]
    [InlineData("a[\"x\"] == \"1\"", "a={\"x\": 1}", false)]
    [InlineData("a[\"x\"] == true", "a={\"x\": 1}", false)]
    [InlineData("a[\"x\"] == 9007199254740993", "a={\"x\": 9007199254740992}", false)]
    [InlineData("a[0] == 5 and a[\"0\"] == 5", "a=[5]", true)]
    [InlineData("a[0] == 5", "a={\"0\": 5}", true)]
    [InlineData("a[\"x/y\"][\"~\"] == 1", "a={\"x/y\": {\"~\": 1}}", true)]
    [InlineData("a[\"x\"] == [1, \"a\", [true]]", "a={\"x\": [1, \"a\", [true]]}", true)]
    [InlineData("a[\"x\"] != 1", "a={}", false)]
    [InlineData("a[\"x\"] != 1 or a[\"x\"] is null", "a={}", true)]
    [InlineData("a[\"x\"] != 1", "a={\"x\": null}", false)]
    [InlineData("exists a[\"x\"]", "a={\"x\": null}", false)]
    [InlineData("exists a[\"x\"]", "a={\"x\": {\"y\": []}}", false)]
    [InlineData("exists a[\"x\"]", "a={\"x\": [null, 0]}", true)]
    [InlineData("not exists a[\"x\"]", "", true)]
    [InlineData("a[\"x\"] is null", "a={\"x\": {}}", true)]
    [InlineData("colour == \"red\" and $meta[\"size\"] > 3", "$meta={\"colour\": \"red\", \"size\": 4}", true)]
    [InlineData("json > 0", "json=5", true)]
    [InlineData("json_contains(a[\"x\"], 3)", "a={\"x\": [1, 3.0]}", true)]
    [InlineData("json_contains(a[\"x\"], [1, 2])", "a={\"x\": [[1, 2], 3]}", true)]
    [InlineData("not json_contains(a[\"x\"], 1)", "a={\"x\": 1}", false)]
    [InlineData("json_contains_all(a[\"x\"], [1, \"a\"])", "a={\"x\": [\"a\", 2, 1]}", true)]
    [InlineData("json_contains_any(a[\"x\"], [7, \"a\"])", "a={\"x\": [\"a\", 2, 1]}", true)]
    [InlineData("json_contains_all(a[\"x\"], [])", "a={\"x\": []}", true)]
    [InlineData("json_contains_any(a[\"x\"], [])", "a={\"x\": [1]}", false)]
    [InlineData("array_length(a[\"x\"]) == 2", "a={\"x\": [1, [2, 3]]}", true)]
    // Arrays.
    [InlineData("arr[5] == 1", "arr=[1]", false)]
    [InlineData("arr[5] != 1", "arr=[1]", false)]
    [InlineData("arr == [1, 2]", "arr=[1, 2]", true)]
    [InlineData("arr != [1, 2]", "arr=[2, 1]", true)]
    [InlineData("array_contains_all(arr, [2, 1])", "arr=[1, 2, 3]", true)]
    [InlineData("array_contains_any(arr, [9, 3])", "arr=[1, 2, 3]", true)]
    [InlineData("array_length(arr) == 0 and arr is not null", "arr=[]", true)]
    [InlineData("array_length(arr) >= 0", "", false)]
    // Nulls.
    [InlineData("i != 1", "", false)]
    [InlineData("not (i == 1)", "", false)]
    [InlineData("i is null and s is null", "", true)]
    [InlineData("s is not null", "s=", true)]
    [InlineData("i == 1 or j == 2", "j=2", true)]
    [InlineData("not (i == 1 and j == 2)", "j=3", true)]
    // Times, in microseconds since 1970.
    [InlineData("ts == iso '1970-01-01T08:00:01+08:00'", "ts=1000000", true)]
    [InlineData("ts == iso '1970-01-01 00:00:01.5'", "ts=1500000", true)]
    [InlineData("ts + interval 'P1D' == iso '1970-01-02T00:00:00Z'", "ts=0", true)]
    [InlineData("ts - interval 'PT1H30M' < iso '1970-01-01T00:00:00Z'", "ts=5399999999", true)]
    [InlineData("ts + interval 'P1M' == iso '1970-02-01T00:00:00Z'", "ts=0", true)]
    [InlineData("ts + interval 'P1Y1M' >= iso '1971-02-01T00:00:00Z'", "ts=0", true)]
    [InlineData("iso '1970-03-03T00:00:00Z' == ts + interval 'P1M'", "ts=2592000000000", true)]
    [InlineData("ts + interval 'P1M' != iso '1970-02-01T00:00:00Z'", "", false)]
    [InlineData("1 < ts < 5", "ts=4", true)]
    // Geometry.
    [InlineData("st_within(geo, 'POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))')", "geo=POINT(1 1)", true)]
    [InlineData("st_within(geo, 'POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))')", "geo=POINT(0 1)", false)]
    [InlineData("st_contains(geo, 'POINT(1 1)')", "geo=POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))", true)]
    [InlineData("st_intersects(geo, 'LINESTRING(0 2, 9 2)')", "geo=POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))", true)]
    [InlineData("st_crosses(geo, 'POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))')", "geo=LINESTRING(-1 2, 2 2)", true)]
    [InlineData("st_touches(geo, 'POLYGON((4 0, 8 0, 8 4, 4 4, 4 0))')", "geo=POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))", true)]
    [InlineData("st_overlaps(geo, 'POLYGON((2 2, 8 2, 8 8, 2 8, 2 2))')", "geo=POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))", true)]
    [InlineData("st_equals(geo, 'LINESTRING(2 2, 0 0)')", "geo=LINESTRING(0 0, 1 1, 2 2)", true)]
    [InlineData("st_dwithin(geo, 'POINT(13.4 52.5)', 1000)", "geo=POINT(13.41 52.5)", true)]
    [InlineData("st_dwithin(geo, 'POINT(13.4 52.5)', 500)", "geo=POINT(13.41 52.5)", false)]
    [InlineData("st_dwithin(geo, 'POINT(13.4 52.5)', 1000)", "geo=LINESTRING(13.41 52, 13.41 53)", true)]
    [InlineData("st_isvalid(geo)", "geo=POLYGON((0 0, 4 4, 4 0, 0 4, 0 0))", false)]
    [InlineData("not st_within(geo, 'POINT(1 1)')", "", false)]
    // Struct lists.
    [InlineData("match_any(st, $[x] > 1 and $[s] == \"b\")", "st[x]=[1, 2];st[s]=[\"b\", \"a\"]", false)]
    [InlineData("match_any(st, $[x] > 1 and $[s] == \"b\")", "st[x]=[1, 2];st[s]=[\"a\", \"b\"]", true)]
    [InlineData("match_all(st, $[x] > 0)", "st[x]=[1, 2]", true)]
    [InlineData("match_all(st, $[x] > 0)", "st[x]=[]", true)]
    [InlineData("match_any(st, $[x] > 0)", "st[x]=[]", false)]
    [InlineData("match_most(st, $[x] > 0, threshold=0)", "st[x]=[]", true)]
    [InlineData("match_exact(st, 0 < $[x] < 9, threshold=2)", "st[x]=[1, 2, 10]", true)]
    [InlineData("match_least(st, $[x] in [1, 2], threshold=3)", "st[x]=[1, 2, 10]", false)]
    [InlineData("match_any(st, $[x] > 0)", "", false)]
    [InlineData("not match_any(st, $[x] > 0)", "", true)]
    [InlineData("match_all(st, $[x] > 0)", "", true)]
    [InlineData("match_least(st, $[x] > 0, threshold=1)", "", false)]
    [InlineData("match_most(st, $[x] > 0, threshold=1)", "", true)]
    [InlineData("match_exact(st, $[x] > 0, threshold=0)", "", true)]
    [InlineData("match_exact(st, $[x] > 0, threshold=1)", "", false)]
    [InlineData("not match_any(st, $[x] > 0)", "st[x]=[0]", true)]
    [InlineData("i == 1 and element_filter(st, $[x] == 2)", "i=1;st[x]=[1, 2]", true)]
    [InlineData("element_filter(st, $[x] == 2)", "st[x]=[1]", false)]
    [InlineData("st is null and array_length(st) == 1", "", false)]
    [InlineData("st is not null and array_length(st) == 1 and array_contains(st[x], 4) and st[0][x] == 4", "st[x]=[4]", true)]
    public void Row_passes(string filter, string row, bool passes)
    {
        var values = new Dictionary<string, object?> { ["id"] = 1L, ["key"] = "k" };
        foreach (var part in row.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, text) = (part[..part.IndexOf('=')], part[(part.IndexOf('=') + 1)..]);
            values[name] = Value(Sample.Schema.Find(name)!, text);
        }
        Assert.Equal(passes, new Rows(Sample.Schema, [values]).Select(Sample.Compile(filter)).Count == 1);
    }

    [Fact]
    public void Elements_that_pass_can_be_told_apart()
    {
        var plan = Sample.Compile("i == 1 and element_filter(st, $[x] == 2)");
        Assert.Equal("st", plan.ElementFilterStruct);
        Assert.Null(Sample.Compile("match_any(st, $[x] == 2)").ElementFilterStruct);
        var rows = new Rows(
            Sample.Schema,
            [.. new long[]?[] { [1, 2], null, [2], [], [2, 2, 3] }.Select((x, i) => new Dictionary<string, object?> { ["id"] = (long)i, ["key"] = "k", ["i"] = i == 2 ? 0L : 1L, ["st[x]"] = x })]);
        Assert.Equal([0, 4], rows.Select(plan));
        var elements = FilterEvaluator.EvaluateElements(plan, rows, 0, 5, [0b10011], new FilterScratch());
        Assert.Equal(0b011010UL, elements[0]);
    }

    private static object Value(FieldSchema field, string text) => field.Type switch
    {
        DataType.Bool => text == "true",
        DataType.Float or DataType.Double => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture),
        DataType.Geometry => new WKTReader().Read(text).AsBinary(),
        DataType.Array => field.ElementType == DataType.VarChar
            ? System.Text.Json.JsonSerializer.Deserialize<string[]>(text)!
            : System.Text.Json.JsonSerializer.Deserialize<long[]>(text)!,
        _ when field.Type.IsInteger() || field.Type == DataType.Timestamptz => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture),
        _ => text,
    };
}
