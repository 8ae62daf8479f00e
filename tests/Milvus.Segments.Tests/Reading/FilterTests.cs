using Milvus.Expressions;
using Milvus.Model;
using Milvus.Segments.Tests.Model;
using Milvus.TestKit.Objects;

namespace Milvus.Segments.Tests.Reading;

/// <summary>Filters narrow queries and searches alike in every kind of segment; a filtered search returns min(k, matches) rows.</summary>
public class FilterTests
{
    private static readonly Dictionary<string, Func<VectorFixture.Row, bool>> Filters = new()
    {
        [""] = _ => true,
        ["group < 3"] = r => r.Group < 3,
        ["group is null"] = r => r.Group is null,
        ["group is not null and key % 2 == 1"] = r => r.Group is not null && r.Key % 2 == 1,
        ["key == 77"] = r => r.Key == 77,
        ["key in [5, 900, 12, 13, 100000]"] = r => r.Key is 5 or 900 or 12 or 13,
        ["key in [5, 6, 7, 8, 9, 10] and group > 10"] = r => r.Key is >= 5 and <= 10 && r.Group > 10,
        ["key in [5, 6] or group == 1"] = r => r.Key is 5 or 6 || r.Group == 1,
        ["key >= 500 and key < 600"] = r => r.Key is >= 500 and < 600,
        ["group == 1000"] = _ => false,
        ["key < 0"] = _ => false,
    };

    private readonly SegmentScratch _scratch = new();

    [Theory]
    [InlineData(DataType.FloatVector)]
    [InlineData(DataType.SparseFloatVector)]
    public async Task Filtered_reads_equal_a_scan_of_the_rows_that_pass(DataType type)
    {
        var fixture = new VectorFixture(type, 8, seed: 31).Fill(1300);
        var segment = await fixture.SealAsync();
        var metric = MetricType.IP;
        List<Segment> sources = [fixture.Growing, segment];
        if (type == DataType.SparseFloatVector)
            sources.Add(await IndexWriter.BuildAsync(segment, new SegmentIndexPlan(VectorFixture.Vector, 9, SegmentIndexPlan.SparseInverted, metric), fixture.Store));
        foreach (var (text, passes) in Filters)
        {
            var plan = Filter.Compile(text, fixture.Schema);
            foreach (var at in (Timestamp[])[fixture.Now, new(100 + (fixture.Now.Value / 3))])
            {
                var point = new ReadPoint(at);
                var query = fixture.RandomVector();
                int[] matching = [.. Enumerable.Range(0, fixture.Rows.Count).Where(i => Visible(fixture.Rows[i], at) && passes(fixture.Rows[i]))];
                var exact = fixture.Exact(query, metric, at, passes);
                foreach (var source in sources)
                {
                    Assert.Equal(matching, SegmentQuery.Execute(source, plan, point, _scratch));
                    Assert.Equal(matching.Length, SegmentQuery.Count(source, plan, point, _scratch));
                    Assert.Equal(matching.Take(7), SegmentQuery.ExecuteOrdered(source, plan, point, 7, _scratch));
                    foreach (var k in (int[])[1, 20, 5000])
                        SearchTests.AssertBest(exact, SegmentSearcher.Search(source, fixture.Request(metric, k, query) with { At = point, Filter = plan }, _scratch)[0], k);
                }
            }
        }
    }

    [Fact]
    public async Task Filters_read_fields_of_every_type_in_stored_blocks_and_fields_that_are_not_stored()
    {
        var old = StampedRows.Schema(DataType.VarChar);
        var added = new FieldSchema { Id = 200, Name = "added", Type = DataType.Int64, Default = new Literal.Int(42) };
        var schema = old.With(fields: old.Fields.Add(added).Add(new FieldSchema { Id = 201, Name = "empty", Type = DataType.Double, Nullable = true }), enableDynamicField: true, version: 1);
        var growing = new GrowingSegment(1, 2, old);
        const int Rows = ColumnLimits.BlockRows + 500;
        growing.Append(StampedRows.Batch(old, [.. Enumerable.Range(1, Rows).Select(i => ((long)i, (long)i))]), new Timestamp(5));
        growing.UseSchema(schema);
        var store = new InMemoryObjectStore();
        var manifest = await SegmentWriter.SealAsync(growing, new SegmentPlace(1, 1, 2, 0), Timestamp.Zero, store);
        // The manifest of a time before the fields were added.
        manifest = manifest with { Columns = manifest.Columns.RemoveAll(c => c.FieldId >= 200) };
        var segment = await SealedSegment.LoadAsync(manifest, schema, store);

        Check("number > 90", s => s % 4 != 0 && s % 100 > 90);
        Check("name like 'nnn%'", s => s % 5 != 0 && s % 7 >= 3);
        Check("stamp > 8600", s => s > 8600);
        Check("flag == true and ratio < 100.0", s => s % 3 == 0 && s < 800);
        Check("array_length(tags) == 3", s => s % 4 == 3);
        Check("stamp % 8000 == 1", s => s % 8000 == 1);
        Check("$meta['stamp'] == 8599", s => s == 8599);
        Check("added == 42", _ => true);
        Check("added != 42", _ => false);
        Check("empty is null", _ => true);
        Check("empty > 1.0", _ => false);
        Check($"key in ['{StampedRows.TextKey(17)}', '{StampedRows.TextKey(8600)}', 'none']", s => s is 17 or 8600);

        void Check(string text, Func<long, bool> passes)
        {
            var plan = Filter.Compile(text, schema);
            int[] expected = [.. Enumerable.Range(0, Rows).Where(r => passes(r + 1))];
            foreach (var source in (Segment[])[growing, segment]) Assert.Equal(expected, SegmentQuery.Execute(source, plan, ReadPoint.Latest, _scratch));
        }
    }

    [Fact]
    public void A_cancelled_read_stops()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 8, seed: 32).Fill(100);
        var plan = Filter.Compile("group < 3", fixture.Schema);
        var cancelled = new CancellationToken(canceled: true);
        Assert.Throws<OperationCanceledException>(() => SegmentQuery.Execute(fixture.Growing, plan, ReadPoint.Latest, _scratch, cancelled));
        Assert.Throws<OperationCanceledException>(() => SegmentSearcher.Search(fixture.Growing, fixture.Request(MetricType.L2, 3, fixture.RandomVector()), _scratch, cancelled));
    }

    private static bool Visible(VectorFixture.Row row, Timestamp at) => row.InsertedAt <= at && row.DeletedAt > at;
}
