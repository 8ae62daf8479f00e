using Milvus.Model;
using Milvus.Segments.Tests.Reading;
using Milvus.Vectors;

namespace Milvus.Segments.Tests.Growing;

/// <summary>Large growing segments are searched by a graph that is extended behind the readers.</summary>
public class GrowingGraphTests
{
    [Theory]
    [InlineData(DataType.FloatVector, MetricType.Cosine)]
    [InlineData(DataType.Int8Vector, MetricType.L2)]
    public void Searches_find_nearly_all_and_never_a_row_that_is_not_visible(DataType type, MetricType metric)
    {
        var fixture = new VectorFixture(type, 8, seed: 31).Fill(11_000);
        var scratch = new SegmentScratch();
        GrowingIndex? index = null;
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                SegmentSearcher.Search(fixture.Growing, fixture.Request(metric, 5, fixture.RandomVector()), scratch);
                index = fixture.Growing.FindIndex(VectorFixture.Vector, fixture.Growing.RowCount, metric, 0) as GrowingIndex;
                return index?.Linked >= 10_000;
            },
            TimeSpan.FromMinutes(5)));
        Assert.True(fixture.Growing.MemoryBytes > index!.MemoryBytes);

        // Rows without links follow.
        fixture.Fill(12_500);
        double hits = 0, expected = 0;
        for (var round = 0; round < 40; round++)
        {
            var at = round % 2 == 0 ? fixture.Now : new Timestamp(100 + (ulong)fixture.Random.NextInt64((long)fixture.Now.Value - 100));
            var query = fixture.RandomVector();
            var exact = fixture.Exact(query, metric, at);
            var found = SegmentSearcher.Search(fixture.Growing, fixture.Request(metric, 10, query) with { At = new ReadPoint(at), Ef = 100 }, scratch)[0];
            Assert.Equal(Math.Min(10, exact.Count), found.Count);
            var byRow = exact.ToDictionary(e => e.Row, e => e.Score);
            for (var i = 0; i < found.Count; i++)
            {
                Assert.True(byRow.TryGetValue(found.Rows[i], out var score), $"row {found.Rows[i]} is not visible");
                Assert.InRange(found.Scores[i], score - (1e-4 * (1 + Math.Abs(score))), score + (1e-4 * (1 + Math.Abs(score))));
            }
            hits += exact.Take(10).Count(e => found.Rows.Contains(e.Row));
            expected += found.Count;
        }
        Assert.True(hits >= 0.95 * expected, $"{hits} of {expected}");
    }

    [Fact]
    public void Who_asks_for_all_rows_is_answered_by_a_scan()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 8, seed: 32).Fill(9000);
        var scratch = new SegmentScratch();
        var query = fixture.RandomVector();
        for (var round = 0; round < 3; round++)
        {
            var hits = SegmentSearcher.Search(fixture.Growing, fixture.Request(MetricType.L2, 20, query) with { Exhaustive = true }, scratch)[0];
            SearchTests.AssertBest(fixture.Exact(query, MetricType.L2, fixture.Now), hits, 20);
        }
        Assert.Null(fixture.Growing.FindIndex(VectorFixture.Vector, 5000, MetricType.L2, 1_000_000_000));
    }
}
