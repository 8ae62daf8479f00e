using System.Globalization;
using Milvus.Expressions;
using Milvus.Expressions.Indexes;
using Milvus.Model;
using Milvus.TestKit.Objects;
using NetTopologySuite.Geometries;

namespace Milvus.Segments.Tests.Reading;

/// <summary>Random filters over random nullable rows answer the same on growing segments, on sealed ones, and with an index of every kind.</summary>
public class RandomFilterTests
{
    private static readonly string[] Words = ["", "a", "ab", "abc", "b%c", "b_c", "é", "😀x", "zz", "the end", "abcabc"];

    private readonly SegmentScratch _scratch = new();

    private static readonly CollectionSchema Schema = MakeSchema();

    private static CollectionSchema MakeSchema()
    {
        FieldSchema Field(long id, string name, DataType type, DataType element = DataType.None) => new() { Id = id, Name = name, Type = type, ElementType = element, Nullable = true };
        return new CollectionSchema(
        [
            new FieldSchema { Id = 100, Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
            Field(101, "b", DataType.Bool), Field(102, "i", DataType.Int32), Field(103, "d", DataType.Double), Field(104, "s", DataType.VarChar),
            Field(105, "j", DataType.Json), Field(106, "a", DataType.Array, DataType.Int64), Field(107, "t", DataType.Timestamptz), Field(108, "g", DataType.Geometry),
        ]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_form_of_a_segment_answers_alike(int seed)
    {
        var random = new Random(seed);
        var growing = new GrowingSegment(1, 2, Schema);
        for (ulong time = 10; growing.RowCount < 9_000; time++) growing.Append(Batch(random, growing.RowCount, random.Next(1, 3_000)), new Timestamp(time));
        var doomed = Enumerable.Range(0, 300).Select(_ => (long)random.Next(growing.RowCount)).Distinct().ToArray();
        growing.Delete(PrimaryKeys.Of(doomed), new Timestamp(1_000));
        var store = new InMemoryObjectStore();
        var manifest = await SegmentWriter.SealAsync(growing, new SegmentPlace(5, 1, 2, 0), Timestamp.Zero, store);
        var plain = await SealedSegment.LoadAsync(manifest, Schema, store);
        var indexed = plain;
        foreach (var plan in Indexes(random)) indexed = await IndexWriter.BuildAsync(indexed, plan, store);
        indexed = await SealedSegment.LoadAsync(indexed.Manifest, Schema, store);
        foreach (var segment in (SealedSegment[])[plain, indexed]) segment.Delete(growing.DeletesSince(Timestamp.Zero));

        var byIndex = 0;
        for (var n = 0; n < 250; n++)
        {
            var text = Expression(random, 2);
            var filter = Filter.Compile(text, Schema);
            foreach (var at in (ReadPoint[])[ReadPoint.Latest, new(new Timestamp(11))])
            {
                var expected = SegmentQuery.Execute(growing, filter, at, _scratch);
                Assert.True(expected.SequenceEqual(SegmentQuery.Execute(plain, filter, at, _scratch)), $"sealed, seed {seed}: {text}");
                Assert.True(expected.SequenceEqual(SegmentQuery.Execute(indexed, filter, at, _scratch)), $"indexed, seed {seed}: {text}");
            }
            if (SegmentExplainer.Query(indexed, filter, ReadPoint.Latest, _scratch, TimeProvider.System).Tests.Any(t => t.IndexId != 0)) byIndex++;
        }
        Assert.InRange(byIndex, 100, 250);
    }

    private static IEnumerable<SegmentIndexPlan> Indexes(Random random)
    {
        ScalarIndexKind Keyed() => (ScalarIndexKind)random.Next(1, 4);
        long id = 50;
        SegmentIndexPlan On(long field, ScalarIndexSpec spec) => SegmentIndexPlan.Of(field, id++, spec);
        yield return On(101, new(ScalarIndexKind.Bitmap));
        for (var field = 102; field <= 103; field++) yield return On(field, new(Keyed()) { BitmapLimit = random.Next(2) * 100 });
        yield return random.Next(2) == 0
            ? On(104, new(ScalarIndexKind.Ngram) { MinGram = 1, MaxGram = 2 })
            : On(104, new(random.Next(2) == 0 ? ScalarIndexKind.Trie : Keyed()));
        yield return On(105, new(Keyed()) { Path = ["x"], Cast = JsonCast.Double });
        yield return On(105, new(Keyed()) { Path = ["w"], Cast = JsonCast.Text });
        yield return On(105, new(ScalarIndexKind.Document) { Cast = JsonCast.Document });
        yield return On(106, new(ScalarIndexKind.Inverted));
        yield return On(107, new(ScalarIndexKind.Sorted));
        yield return On(108, new(ScalarIndexKind.RTree));
    }

    private static ColumnBatch Batch(Random random, int first, int count)
    {
        var fields = Schema.Fields.Select(f => (Field: f, Builder: ColumnBuilder.For(f))).ToList();
        for (var row = first; row < first + count; row++)
        {
            foreach (var (field, builder) in fields)
            {
                if (field.Nullable && random.Next(6) == 0) builder.AppendNull();
                else Append(builder, field, row, random);
            }
        }
        return new ColumnBatch(count, [.. fields.Select(f => new FieldColumn(f.Field.Id, f.Builder.Build()))]);
    }

    private static void Append(ColumnBuilder builder, FieldSchema field, int row, Random random)
    {
        switch (builder)
        {
            case FixedColumnBuilder<bool> b: b.Append(random.Next(30) == 0); break;
            case FixedColumnBuilder<int> b: b.Append(random.Next(2) == 0 ? random.Next(-50, 50) : random.Next(-5_000, 5_000)); break;
            case FixedColumnBuilder<double> b: b.Append(random.Next(-500, 500) / 4.0); break;
            case FixedColumnBuilder<long> b: b.Append(field.IsPrimaryKey ? row : random.NextInt64(-100_000, 100_000)); break;
            case ArrayColumnBuilder b:
                for (var n = random.Next(4); n > 0; n--) ((FixedColumnBuilder<long>)b.Elements).Append(random.Next(400));
                b.EndRow();
                break;
            case BinaryColumnBuilder b when field.Type == DataType.Geometry: b.Append(new Point(random.Next(-90, 90), random.Next(-45, 45)).AsBinary()); break;
            case BinaryColumnBuilder b when field.Type == DataType.Json:
                b.Append(random.Next(10) switch
                {
                    0 => "{}",
                    1 => "{\"x\": \"text\", \"w\": 5}",
                    2 => "[1, 2]",
                    _ => string.Create(CultureInfo.InvariantCulture, $"{{\"x\": {random.Next(-300, 300)}{(random.Next(3) == 0 ? ".5" : "")}, \"w\": \"w{random.Next(200)}\", \"deep\": {{\"y\": [{random.Next(50)}, true]}}}}"),
                });
                break;
            case BinaryColumnBuilder b: b.Append(random.Next(3) == 0 ? Words[random.Next(Words.Length)] : $"word{random.Next(800)}"); break;
        }
    }

    private static string Expression(Random random, int depth)
    {
        if (depth > 0 && random.Next(2) == 0)
        {
            var word = random.Next(2) == 0 ? " and " : " or ";
            return $"({string.Join(word, Enumerable.Range(0, random.Next(2, 4)).Select(_ => Expression(random, depth - 1)))})";
        }
        var not = random.Next(4) == 0 ? "not " : "";
        return $"{not}({Test(random)})";
    }

    private static string Test(Random random)
    {
        string Pick(params string[] choices) => choices[random.Next(choices.Length)];
        var op = Pick("==", "!=", "<", "<=", ">", ">=");
        var word = $"word{random.Next(800)}";
        return random.Next(17) switch
        {
            0 => $"b == {Pick("true", "false")}",
            1 => $"i {op} {random.Next(-60, 60)}",
            2 => $"{random.Next(-60, 0)} <= i < {random.Next(0, 60)}",
            3 => $"i {Pick("in", "not in")} [{random.Next(-50, 50)}, {random.Next(-5_000, 5_000)}, 9999999]",
            4 => string.Create(CultureInfo.InvariantCulture, $"d {op} {random.Next(-500, 500) / 4.0:F2}"),
            5 => $"s {op} \"{word}\"",
            6 => $"s like \"{Pick("word7%", "%bc%", "a%", "%d77", "_b%", "word1_", "%")}\"",
            7 => $"s in [\"{word}\", \"ab\", \"\"]",
            8 => $"s =~ \"{Pick("7$", "^word4.*9", "b")}\"",
            9 => $"j[\"x\"] {op} {random.Next(-300, 300)}",
            10 => $"j[\"w\"] {Pick("==", "!=", ">")} \"w{random.Next(200)}\"",
            11 => $"j[\"deep\"][\"y\"][0] {op} {random.Next(50)}",
            12 => random.Next(3) == 0 ? $"array_contains(a, {random.Next(400)})" : $"array_contains_{Pick("any", "all")}(a, [{random.Next(400)}, {random.Next(400)}])",
            13 => $"a[0] {op} {random.Next(400)}",
            14 => $"t {op} iso '1970-01-01T00:00:00.{random.Next(0, 100_000):D6}Z'",
            15 => $"st_within(g, 'POLYGON(({Box(random)}))')",
            _ => $"{Pick("i", "s", "j", "g", "a")} is {Pick("null", "not null")}",
        };
    }

    private static string Box(Random random)
    {
        var (x, y, w, h) = (random.Next(-90, 60), random.Next(-45, 30), random.Next(1, 30), random.Next(1, 15));
        return $"{x} {y}, {x + w} {y}, {x + w} {y + h}, {x} {y + h}, {x} {y}";
    }
}
