using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.DataNode.Tests;

public sealed class CompactionPlannerTests
{
    private static readonly CompactionLimits s_limits = new(MaxRows: 1000, MaxBytes: 100_000, DeletedRatio: 0.2, MinSmallSegments: 4);

    [Fact]
    public void Nothing_to_do_gives_no_plan()
    {
        Assert.Empty(CompactionPlanner.Plan([], s_limits, force: false));
        Assert.Empty(CompactionPlanner.Plan([Segment(1, 900), Segment(2, 1000)], s_limits, force: true));
    }

    [Fact]
    public void Enough_small_segments_are_merged_oldest_first()
    {
        var plan = Assert.Single(CompactionPlanner.Plan([Segment(4, 100), Segment(2, 100), Segment(1, 100), Segment(3, 100)], s_limits, force: false));
        Assert.Equal([1, 2, 3, 4], Sources(plan));
    }

    [Fact]
    public void Few_small_segments_wait_unless_a_client_asks()
    {
        CompactionCandidate[] segments = [Segment(1, 100), Segment(2, 100)];
        Assert.Empty(CompactionPlanner.Plan(segments, s_limits, force: false));
        Assert.Equal([1, 2], Sources(Assert.Single(CompactionPlanner.Plan(segments, s_limits, force: true))));
    }

    [Fact]
    public void Segments_of_different_shards_or_partitions_are_never_merged()
    {
        var plans = CompactionPlanner.Plan([Segment(1, 10), Segment(2, 10, shard: 1), Segment(3, 10, partition: 8), Segment(4, 10)], s_limits, force: true);
        var plan = Assert.Single(plans);
        Assert.Equal((0, 7L), (plan.Shard, plan.PartitionId));
        Assert.Equal([1, 4], Sources(plan));
    }

    [Theory]
    [InlineData(199, false, false)]
    [InlineData(200, false, true)]
    [InlineData(1, true, true)]
    [InlineData(0, true, false)]
    public void A_worn_segment_is_rewritten_alone(int deleted, bool force, bool rewritten)
    {
        var plans = CompactionPlanner.Plan([Segment(1, 1000, deleted)], s_limits, force);
        Assert.Equal(rewritten ? 1 : 0, plans.Count);
    }

    [Fact]
    public void A_segment_that_deletes_made_small_is_merged_with_others()
    {
        var plan = Assert.Single(CompactionPlanner.Plan([Segment(1, 1000, 900), Segment(2, 100)], s_limits, force: true));
        Assert.Equal([1, 2], Sources(plan));
    }

    [Fact]
    public void A_merge_stays_within_bytes_too()
    {
        var plans = CompactionPlanner.Plan([.. Enumerable.Range(1, 6).Select(i => Segment(i, 10, bytes: 40_000))], s_limits, force: true);
        Assert.Equal(new long[][] { [1, 2], [3, 4], [5, 6] }, plans.Select(p => Sources(p).ToArray()));
    }

    [Fact]
    public void Plans_of_any_input_share_no_segment_and_keep_the_limits()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            CompactionCandidate[] segments = [.. Enumerable.Range(1, random.Next(60)).Select(i =>
            {
                var rows = random.Next(1, 1001);
                return Segment(i, rows, random.Next(rows + 1), random.Next(2), 7 + random.Next(2), random.Next(1, 100_001));
            })];
            var force = random.Next(2) == 0;
            var plans = CompactionPlanner.Plan(segments, s_limits, force);

            var live = segments.ToDictionary(s => s.Manifest.SegmentId);
            var used = plans.SelectMany(p => p.Sources.Select(s => s.SegmentId)).ToList();
            Assert.Equal(used.Count, used.Distinct().Count());
            foreach (var plan in plans)
            {
                Assert.All(plan.Sources, s => Assert.Equal((plan.Shard, plan.PartitionId), (s.Shard, s.PartitionId)));
                Assert.True(plan.Sources.Sum(s => live[s.SegmentId].LiveRows) <= s_limits.MaxRows, $"seed {seed}: too many rows");
                Assert.True(plan.Sources.Length > 1 || live[plan.Sources[0].SegmentId].DeletedRows > 0, $"seed {seed}: a rewrite that changes nothing");
            }
            foreach (var s in segments)
            {
                var worn = s.DeletedRows >= s_limits.DeletedRatio * s.Manifest.RowCount && s.DeletedRows > 0;
                Assert.True(!worn || used.Contains(s.Manifest.SegmentId), $"seed {seed}: worn segment {s.Manifest.SegmentId} stays");
            }
        }
    }

    [Fact]
    public void By_key_all_segments_become_as_many_as_their_rows_fill_some_at_a_time()
    {
        var plan = Assert.Single(CompactionPlanner.PlanByKey([Segment(3, 1000), Segment(1, 700), Segment(2, 900, deleted: 500)], s_limits));
        Assert.Equal([1, 2, 3], Sources(plan));
        Assert.Equal(3, plan.Parts);
        Assert.Empty(CompactionPlanner.PlanByKey([Segment(1, 900)], s_limits));
        Assert.Equal(1, Assert.Single(CompactionPlanner.PlanByKey([Segment(1, 900, deleted: 1)], s_limits)).Parts);

        var many = CompactionPlanner.PlanByKey([.. Enumerable.Range(1, 40).Select(i => Segment(i, 500, shard: i % 2, bytes: 50_000))], s_limits);
        Assert.Equal([16, 4, 16, 4], many.Select(p => p.Sources.Length));
        Assert.Equal([8, 2, 8, 2], many.Select(p => p.Parts));
        Assert.Equal(Enumerable.Range(1, 40).Select(i => (long)i), many.SelectMany(Sources).Order());
    }

    private static IEnumerable<long> Sources(CompactionPlan plan) => plan.Sources.Select(s => s.SegmentId);

    private static CompactionCandidate Segment(long id, int rows, int deleted = 0, int shard = 0, long partition = 7, long bytes = 100) => new(
        new SegmentManifest
        {
            SegmentId = id,
            CollectionId = 3,
            PartitionId = partition,
            Shard = shard,
            RowCount = rows,
            MinTimestamp = new Timestamp(1),
            MaxTimestamp = new Timestamp(2),
            DeletesAppliedTo = Timestamp.Zero,
            Columns = ImmutableArray.Create(new SegmentColumnFile(100, $"segments/{id}", bytes)),
        },
        deleted);
}
