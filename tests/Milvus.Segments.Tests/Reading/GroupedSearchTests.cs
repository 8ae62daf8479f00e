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
            var request = fixture.Request(MetricType.IP, groups, query) with { Group = new GroupBy(VectorFixture.Group, groupSize) { Strict = strict } };
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
    public void Values_may_be_projected_before_grouping()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 6, seed: 22).Fill(300);
        var query = fixture.RandomVector();
        var request = fixture.Request(MetricType.L2, 10, query) with { Group = new GroupBy(VectorFixture.Group) { Project = Parity } };
        var hits = SegmentSearcher.Search(fixture.Growing, request, _scratch)[0];
        Assert.Equal(3, hits.Count);
        Assert.Equal(3, Grouped(hits).Count);

        static Column Parity(Column values)
        {
            var parity = new FixedColumnBuilder<long>(DataType.Int64);
            for (var i = 0; i < values.Count; i++)
            {
                if (values.IsNull(i)) parity.AppendNull();
                else parity.Append(((FixedColumn<long>)values).Values[i] % 2);
            }
            return parity.Build();
        }
    }

    [Fact]
    public void Floating_point_values_do_not_group()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 6, seed: 23).Fill(10, nulls: false);
        var request = fixture.Request(MetricType.L2, 10, fixture.RandomVector()) with { Group = new GroupBy(VectorFixture.Vector) };
        Assert.Equal(ErrorCode.InvalidParameter, Assert.Throws<MilvusException>(() => SegmentSearcher.Search(fixture.Growing, request, _scratch)).Code);
    }

    private static List<(long? Key, List<int> Rows)> Grouped(SegmentHits hits)
    {
        var values = (FixedColumn<long>)hits.GroupValues!;
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
