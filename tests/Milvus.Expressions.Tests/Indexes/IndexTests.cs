using System.Globalization;
using Milvus.Expressions.Indexes;
using Milvus.Expressions.Tests.Naive;
using Milvus.Model;

namespace Milvus.Expressions.Tests.Indexes;

/// <summary>Scalar indexes: same answers, used where they pay, files that notice damage.</summary>
public class IndexTests
{
    private static readonly ScalarIndexKind[] Keyed = [ScalarIndexKind.Inverted, ScalarIndexKind.Bitmap, ScalarIndexKind.Sorted];

    /// <summary>Every index that fits some field of the sample.</summary>
    private static void IndexEverything(IndexedRows rows, Random random)
    {
        ScalarIndexSpec Any() => new(Keyed[random.Next(Keyed.Length)]) { BitmapLimit = random.Next(3) == 0 ? 10 : 0 };
        foreach (var field in new[] { "id", "flag", "i8", "i16", "i32", "i", "j", "f", "d", "ts", "arr", "arr8", "arrb", "arrd", "arrs", "doc", "t", "st[x]", "st[s]" }) rows.Index(field, Any());
        rows.Index("s", random.Next(3) switch { 0 => Any(), 1 => new ScalarIndexSpec(ScalarIndexKind.Trie), _ => new ScalarIndexSpec(ScalarIndexKind.Ngram) { MinGram = 1, MaxGram = random.Next(1, 4) } });
        rows.Index("geo", new ScalarIndexSpec(ScalarIndexKind.RTree));
        foreach (var column in new[] { "json", "a", "b", "$meta" })
        {
            if (random.Next(2) == 0) rows.Index(column, new ScalarIndexSpec(ScalarIndexKind.Document) { Cast = JsonCast.Document, Path = random.Next(2) == 0 ? [] : ["x"] });
            foreach (var path in new string[][] { ["x"], ["y"], ["0"], ["A"], ["B"], ["x", "y"], ["A", "x"], [] })
            {
                var cast = (JsonCast)random.Next((int)JsonCast.Bool, (int)JsonCast.TextArray + 1);
                rows.Index(column, Any() with { Path = [.. path], Cast = cast });
                if (random.Next(3) == 0) rows.Index(column, new ScalarIndexSpec(ScalarIndexKind.Ngram) { Path = [.. path], Cast = JsonCast.Text, MinGram = 1, MaxGram = 2 });
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Indexes_never_change_an_answer(int seed)
    {
        var random = new Random(seed);
        var filters = new RandomFilters(random);
        for (var round = 0; round < 6; round++)
        {
            var rows = new RandomRows(random).Make(random.Next(1, 300));
            var plain = new Rows(Sample.Schema, rows, prune: false);
            var indexed = new IndexedRows(new Rows(Sample.Schema, rows, prune: random.Next(2) == 0));
            IndexEverything(indexed, random);
            for (var k = 0; k < 120; k++)
            {
                var filter = filters.Make(random.Next(4));
                var text = filter.Text(Spelling.Literal);
                var plan = Sample.Compile(text);
                var expected = Enumerable.Range(0, rows.Count).Where(r => filter.Evaluate(rows[r]) == true).ToList();
                var found = indexed.Select(plan);
                if (!expected.SequenceEqual(found))
                {
                    var row = expected.Except(found).Concat(found.Except(expected)).First();
                    Assert.Fail($"seed {seed}: {text}\nrow {row}: {string.Join("; ", rows[row].Select(p => $"{p.Key}={p.Value}"))}");
                }
                Assert.Equal(plain.Select(plan), indexed.Select(plan, IndexUse.ByCost));
            }
        }
    }

    public static TheoryData<string, string, string> Answered => new()
    {
        { "INVERTED", "i", "i == 5" },
        { "INVERTED", "i", "i in [5, 7, 8, 9] and j >= 0" },
        { "STL_SORT", "i", "1 < i < 40" },
        { "STL_SORT", "d", "d >= 19999" },
        { "BITMAP", "i8", "not (i8 != 3)" },
        { "BITMAP", "flag", "flag == true and s like \"word %63 of%\"" },
        { "INVERTED", "s", "s == \"word 77 of many\"" },
        { "STL_SORT", "s", "s > \"word 9998\"" },
        { "Trie", "s", "s like \"word 99%\"" },
        { "INVERTED", "t", "t =~ \"7$\"" },
        { "BITMAP", "t", "not (t like \"%4%\")" },
        { "NGRAM", "s", "s like \"%777%\"" },
        { "NGRAM", "s", "s == \"word 77 of many\"" },
        { "NGRAM", "s", "s like \"w%d 77_ %y\"" },
        { "INVERTED", "arr", "array_contains(arr, 77)" },
        { "BITMAP", "arr", "array_contains_all(arr, [77, 78])" },
        { "INVERTED", "arr", "arr[0] == 77" },
        { "RTREE", "geo", "st_within(geo, 'POLYGON((0 0, 5 0, 5 5, 0 5, 0 0))')" },
        { "RTREE", "geo", "st_dwithin(geo, 'POINT(10 10)', 1000)" },
        { "INVERTED DOUBLE", "json", "json[\"n\"] == 77" },
        { "STL_SORT DOUBLE", "json", "json[\"n\"] < 10.5" },
        { "INVERTED VARCHAR", "json", "json[\"w\"] in [\"w7\", \"w8\"]" },
        { "NGRAM VARCHAR", "json", "json[\"w\"] like \"%99%\"" },
        { "BITMAP BOOL", "json", "json[\"b\"] == true and i >= 100" },
        { "INVERTED ARRAY_DOUBLE", "json", "json_contains(json[\"l\"], 77)" },
        { "INVERTED JSON", "json", "json[\"n\"] == 77" },
        { "INVERTED JSON", "json", "json[\"o\"][\"k\"] == \"k5\"" },
        { "STL_SORT", "ts", "ts < iso '1970-01-01T00:00:00.000100Z'" },
        { "INVERTED", "st[x]", "match_any(st, $[x] == 77)" },
        { "STL_SORT", "st[x]", "match_any(st, 5 < $[x] < 9 and $[s] == \"a\")" },
        { "INVERTED", "i", "i == 5 or i == 6 or (i > 100 and i < 104)" },
    };

    [Theory]
    [MemberData(nameof(Answered))]
    public void Answers_by_index_where_that_is_cheaper(string kind, string field, string filter)
    {
        var rows = Many();
        var indexed = new IndexedRows(rows);
        var index = indexed.Index(field, SpecOf(kind, filter));
        var plan = Sample.Compile(filter);
        var trace = new FilterTrace();
        var found = indexed.Select(plan, IndexUse.ByCost, trace);
        Assert.NotEmpty(found);
        Assert.Equal(rows.Select(plan), found);
        Assert.Contains(trace.Leaves, l => ReferenceEquals(l.Index, index));
        Assert.True(index.MemoryBytes > 0);
    }

    [Theory]
    [InlineData("STL_SORT", "i", "i >= 0")]
    [InlineData("INVERTED", "i", "i % 3 == 1")]
    [InlineData("INVERTED", "i", "i < j")]
    [InlineData("NGRAM", "s", "s like \"%x%\"")]
    [InlineData("NGRAM", "s", "not (s like \"%777%\")")]
    [InlineData("RTREE", "geo", "not st_within(geo, 'POLYGON((0 0, 5 0, 5 5, 0 5, 0 0))')")]
    [InlineData("RTREE", "geo", "st_isvalid(geo)")]
    [InlineData("INVERTED", "arr", "arr[0] != 77")]
    [InlineData("INVERTED DOUBLE", "json", "json[\"n\"] == \"a\"")]
    [InlineData("INVERTED DOUBLE", "json", "json[\"other\"] == 77")]
    [InlineData("INVERTED DOUBLE", "json", "json[\"n\"] in [77, \"a\"]")]
    public void Reads_the_column_where_an_index_does_not_help(string kind, string field, string filter)
    {
        var rows = Many();
        var indexed = new IndexedRows(rows);
        indexed.Index(field, SpecOf(kind, filter));
        var plan = Sample.Compile(filter);
        var trace = new FilterTrace();
        Assert.Equal(rows.Select(plan), indexed.Select(plan, IndexUse.ByCost, trace));
        Assert.All(trace.Leaves, l => Assert.Null(l.Index));
    }

    [Fact]
    public void Takes_the_most_selective_index_and_leaves_the_rest_to_the_few_rows_it_names()
    {
        var indexed = new IndexedRows(Many());
        var rare = indexed.Index("s", new ScalarIndexSpec(ScalarIndexKind.Inverted));
        indexed.Index("i8", new ScalarIndexSpec(ScalarIndexKind.Inverted));
        var trace = new FilterTrace();
        Assert.Single(indexed.Select(Sample.Compile("i8 >= 0 and s == \"word 77 of many\""), IndexUse.ByCost, trace));
        Assert.Same(rare, Assert.Single(trace.Leaves, l => l.Index is not null).Index);
        Assert.Equal(3, trace.Blocks);
        Assert.Equal(2, trace.BlocksSkipped);
        Assert.Equal(20_000 - 8192, trace.RowsPruned);
    }

    [Fact]
    public void Chooses_bitmaps_for_few_values()
    {
        var rows = Many();
        ScalarIndexKind Kind(string field) => IndexedRows.Build(rows, Sample.Schema.Find(field)!.Id, new ScalarIndexSpec(ScalarIndexKind.Sorted) { BitmapLimit = 100 }).Spec.Kind;
        Assert.Equal(ScalarIndexKind.Bitmap, Kind("i8"));
        Assert.Equal(ScalarIndexKind.Sorted, Kind("i"));
        Assert.Equal(ScalarIndexKind.Sorted, Kind("s"));
    }

    [Theory]
    [InlineData("INVERTED", "s")]
    [InlineData("BITMAP", "i8")]
    [InlineData("STL_SORT", "d")]
    [InlineData("NGRAM", "s")]
    [InlineData("RTREE", "geo")]
    [InlineData("INVERTED JSON", "json")]
    public void Notices_damage(string kind, string field)
    {
        var spec = SpecOf(kind, "json[\"n\"]");
        var index = IndexedRows.Build(Many(500), Sample.Schema.Find(field)!.Id, spec);
        var stored = new MemoryStream();
        ScalarIndexFile.Save(index, stored);
        var bytes = stored.ToArray();
        var again = new MemoryStream();
        ScalarIndexFile.Save(ScalarIndexFile.Load(new MemoryStream(bytes), "x"), again);
        Assert.Equal(bytes, again.ToArray());
        var random = new Random(9);
        for (var i = 0; i < 60; i++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[i < 20 ? i : random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            Assert.Contains("index", Assert.Throws<IntegrityException>(() => ScalarIndexFile.Load(new MemoryStream(damaged), "x")).Message);
        }
        foreach (var length in new[] { 0, 10, bytes.Length / 2, bytes.Length - 1 })
            Assert.Throws<IntegrityException>(() => ScalarIndexFile.Load(new MemoryStream(bytes[..length]), "x"));
    }

    [Fact]
    public void Frozen_values_stay()
    {
        Assert.Equal("Inverted=1 Bitmap=2 Sorted=3 Trie=4 Ngram=5 RTree=6 Document=7", string.Join(' ', Enum.GetValues<ScalarIndexKind>().Select(k => $"{k}={(int)k}")));
        Assert.Equal("None=0 Bool=1 Double=2 Text=3 BoolArray=4 DoubleArray=5 TextArray=6 Document=7", string.Join(' ', Enum.GetValues<JsonCast>().Select(k => $"{k}={(int)k}")));
    }

    private static ScalarIndexSpec SpecOf(string text, string filter)
    {
        var parts = text.Split(' ');
        var kind = parts[0] switch
        {
            "INVERTED" => ScalarIndexKind.Inverted,
            "BITMAP" => ScalarIndexKind.Bitmap,
            "STL_SORT" => ScalarIndexKind.Sorted,
            "Trie" => ScalarIndexKind.Trie,
            "NGRAM" => ScalarIndexKind.Ngram,
            _ => ScalarIndexKind.RTree,
        };
        var spec = new ScalarIndexSpec(kind) { MinGram = kind == ScalarIndexKind.Ngram ? 2 : 0, MaxGram = kind == ScalarIndexKind.Ngram ? 3 : 0 };
        if (parts.Length == 1) return spec;
        if (parts[1] == "JSON") return spec with { Kind = ScalarIndexKind.Document, Cast = JsonCast.Document };
        var key = filter.Contains("other", StringComparison.Ordinal) ? "n" : filter.Split('"')[1];
        return spec with
        {
            Path = [key],
            Cast = parts[1] switch { "DOUBLE" => JsonCast.Double, "VARCHAR" => JsonCast.Text, "BOOL" => JsonCast.Bool, _ => JsonCast.DoubleArray },
        };
    }

    private static readonly Rows TwentyThousand = Make(20_000);

    private static Rows Many(int count = 20_000) => count == 20_000 ? TwentyThousand : Make(count);

    private static Rows Make(int count)
    {
        return new Rows(
            Sample.Schema,
            [.. Enumerable.Range(0, count).Select(i => new Dictionary<string, object?>
            {
                ["id"] = (long)i,
                ["key"] = "k",
                ["flag"] = i % 100 == 77,
                ["i"] = (long)((i * 7919) % count),
                ["i8"] = i % 7 == 0 ? null : (sbyte)(i % 25),
                ["j"] = (long)(i % 5),
                ["d"] = (double)((i * 7919) % count),
                ["ts"] = (long)((i * 7919) % count),
                ["s"] = $"word {(i * 7919) % count} of many",
                ["t"] = $"tag {i % 50}",
                ["st[x]"] = new long[] { i % 1000, 7 + (i % 500) },
                ["st[s]"] = new[] { "a", "b" },
                ["arr"] = new long[] { i % 1000, (i + 1) % 1000 },
                ["geo"] = new NetTopologySuite.Geometries.Point(i % 200 / 2.0, i / 200 / 2.0).AsBinary(),
                ["json"] = string.Create(
                    CultureInfo.InvariantCulture, $"{{\"n\": {(i * 7919) % count}, \"w\": \"w{i % 3000}\", \"b\": {(i % 100 == 0 ? "true" : "false")}, \"l\": [{i % 1000}, \"x\"], \"o\": {{\"k\": \"k{i % 2000}\"}}}}"),
            })],
            prune: false);
    }
}
