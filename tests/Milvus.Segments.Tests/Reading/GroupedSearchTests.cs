using Milvus.Model;

namespace Milvus.Segments.Tests.Reading;

public class GroupedSearchTests
{
    private readonly SegmentScratch _scratch = new();

    [Theory]
    [InlineData(1, false, 5)]
    [InlineData(3, true, 5)]
    [InlineData(3, true, 100)]
    [InlineData(10, true, 41)]
    [InlineData(2, false, 100)]
    public async Task The_best_groups_come_by_their_best_hit_and_hold_their_best_rows(int groupSize, bool strict, int groups)
    {
        var fixture = new VectorFixture(DataType.FloatVector, 6, seed: 21).Fill(900);
        var segment = await fixture.SealAsync();
        for (var round = 0; round < 5; round++)
        {
            var query = fixture.RandomVector();
            var request = fixture.Request(MetricType.IP, groups, query) with { Group = new GroupBy([Target(fixture, VectorFixture.Group)], groupSize) { Strict = strict } };
            var expected = fixture.Exact(query, MetricType.IP, fixture.Now)
                .GroupBy(e => fixture.Rows[e.Row].Group)
                .Take(groups)
                .Select(g => (g.Key, Rows: g.Take(groupSize).Select(e => e.Row).ToList())).ToList();
            foreach (var source in (Segment[])[fixture.Growing, segment])
            {
                var hits = SegmentSearcher.Search(source, request, _scratch)[0];
                var actual = Grouped(hits);
                Assert.Equal(expected.Select(e => e.Key), actual.Select(a => a.Key));
                for (var i = 0; i < expected.Count; i++)
                {
                    // Without strictness a group may miss hits, never its best one.
                    if (strict) Assert.Equal(expected[i].Rows, actual[i].Rows);
                    else Assert.Equal(expected[i].Rows.Take(actual[i].Rows.Count), actual[i].Rows);
                }
            }
        }
    }

    [Fact]
    public async Task Only_the_groups_that_are_named_are_filled_and_completely()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 6, seed: 22).Fill(900);
        var target = Target(fixture, VectorFixture.Group);
        var query = fixture.RandomVector();
        var wanted = new FixedColumnBuilder<long>(DataType.Int64);
        wanted.Append(3);
        wanted.AppendNull();
        wanted.Append(11);
        wanted.Append(987654);
        var request = fixture.Request(MetricType.L2, 4, query) with { Group = new GroupBy([target], 7) { Strict = true, Only = [wanted.Build()] } };
        var expected = fixture.Exact(query, MetricType.L2, fixture.Now)
            .GroupBy(e => fixture.Rows[e.Row].Group)
            .Where(g => g.Key is 3 or 11 or null)
            .Select(g => (g.Key, Rows: g.Take(7).Select(e => e.Row).ToList())).ToList();
        foreach (var source in (Segment[])[fixture.Growing, await fixture.SealAsync()])
        {
            var actual = Grouped(SegmentSearcher.Search(source, request, _scratch)[0]);
            Assert.Equal(expected.Select(e => e.Key), actual.Select(a => a.Key));
            Assert.Equal(expected.SelectMany(e => e.Rows), actual.SelectMany(a => a.Rows));
        }
    }

    [Fact]
    public void Several_fields_group_together()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 6, seed: 24).Fill(300);
        var query = fixture.RandomVector();
        var request = fixture.Request(MetricType.L2, 20, query) with { Group = new GroupBy([Target(fixture, VectorFixture.Group), new GroupTarget(fixture.Schema.PrimaryKey)]) };
        var hits = SegmentSearcher.Search(fixture.Growing, request, _scratch)[0];
        Assert.Equal(fixture.Exact(query, MetricType.L2, fixture.Now).Take(20).Select(e => e.Row), hits.Rows);
        Assert.Equal(2, hits.GroupValues.Length);
    }

    [Fact]
    public void Floating_point_values_do_not_group()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 6, seed: 23).Fill(10, nulls: false);
        var request = fixture.Request(MetricType.L2, 10, fixture.RandomVector()) with { Group = new GroupBy([Target(fixture, VectorFixture.Vector)]) };
        Assert.Equal(ErrorCode.InvalidParameter, Assert.Throws<MilvusException>(() => SegmentSearcher.Search(fixture.Growing, request, _scratch)).Code);
    }

    private static GroupTarget Target(VectorFixture fixture, long field) => new(fixture.Schema.Find(field)!);

    private static List<(long? Key, List<int> Rows)> Grouped(SegmentHits hits)
    {
        var values = (FixedColumn<long>)hits.GroupValues[0];
        Assert.Equal(hits.Count, values.Count);
        var groups = new List<(long? Key, List<int> Rows)>();
        for (var i = 0; i < hits.Count; i++)
        {
            long? key = values.IsNull(i) ? null : values.Values[i];
            if (groups.Count == 0 || groups[^1].Key != key) groups.Add((key, []));
            groups[^1].Rows.Add(hits.Rows[i]);
        }
        Assert.Equal(groups.Count, groups.Select(g => g.Key).Distinct().Count());
        return groups;
    }
}
