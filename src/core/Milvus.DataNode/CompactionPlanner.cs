using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.DataNode;

/// <summary>A sealed segment as the planner sees it.</summary>
/// <param name="DeletedRows">Rows known to be deleted and old enough to be left out.</param>
public readonly record struct CompactionCandidate(SegmentManifest Manifest, long DeletedRows)
{
    public long LiveRows => Manifest.RowCount - DeletedRows;

    /// <summary>
    /// Rows lack outputs of functions that were added later: the segment is rewritten alone with them, so that a model that cannot be asked holds
    /// up nothing else.
    /// </summary>
    public bool LacksOutputs { get; init; }
}

/// <summary>Segments to be rewritten as one, or as several divided by the clustering key.</summary>
public sealed record CompactionPlan(int Shard, long PartitionId, ImmutableArray<SegmentManifest> Sources)
{
    /// <summary>Segments that come out of it at most.</summary>
    public int Parts { get; init; } = 1;
}

/// <summary>What compaction may do at most.</summary>
/// <param name="MaxRows">Rows of a segment that it may write.</param>
/// <param name="MaxBytes">Column bytes of a segment that it may write.</param>
/// <param name="DeletedRatio">Share of deleted rows from which a segment is rewritten alone.</param>
/// <param name="MinSmallSegments">Small segments that make a merge worthwhile.</param>
public sealed record CompactionLimits(long MaxRows, long MaxBytes, double DeletedRatio, int MinSmallSegments);

/// <summary>Chooses which segments to merge or rewrite. Pure.</summary>
public static class CompactionPlanner
{
    /// <summary>A segment below this share of the limits is small.</summary>
    private const double SmallShare = 0.5;

    /// <summary>
    /// Segments that one clustering writes at most: sources are read once for each of them, and where the collection is loaded old and new ones are in memory together for a moment.
    /// </summary>
    private const int MostParts = 8;

    /// <param name="candidates">Segments of one collection in any order.</param>
    /// <param name="force">A client asked: any two small segments are merged, any deleted row is reason to rewrite.</param>
    public static IReadOnlyList<CompactionPlan> Plan(IEnumerable<CompactionCandidate> candidates, CompactionLimits limits, bool force)
    {
        var plans = new List<CompactionPlan>();
        // What shows external files is replaced file by file, and nothing is ever deleted from it.
        foreach (var group in candidates.Where(c => c.Manifest.Sources.IsEmpty).GroupBy(c => (c.Manifest.Shard, c.Manifest.PartitionId)))
        {
            var rest = new List<CompactionCandidate>();
            var small = new List<CompactionCandidate>();
            foreach (var c in group.OrderBy(c => c.Manifest.SegmentId))
            {
                if (c.LacksOutputs) plans.Add(new CompactionPlan(group.Key.Shard, group.Key.PartitionId, [c.Manifest]));
                else if (IsSmall(c, limits)) small.Add(c);
                else rest.Add(c);
            }
            var merged = Merge(group.Key.Shard, group.Key.PartitionId, small, limits, force ? 2 : limits.MinSmallSegments, plans);
            foreach (var c in rest.Concat(small.Where(s => !merged.Contains(s.Manifest.SegmentId))))
            {
                var isWorn = c.DeletedRows > 0 && (force || c.DeletedRows >= limits.DeletedRatio * c.Manifest.RowCount);
                if (isWorn) plans.Add(new CompactionPlan(group.Key.Shard, group.Key.PartitionId, [c.Manifest]));
            }
        }
        return plans;
    }

    /// <summary>
    /// Plans for a collection with a clustering key whose client asked for it: all segments of a shard and partition are rewritten as full ones divided by the key, some at a time.
    /// </summary>
    /// <param name="candidates">Segments of one collection in any order.</param>
    public static IReadOnlyList<CompactionPlan> PlanByKey(IEnumerable<CompactionCandidate> candidates, CompactionLimits limits)
    {
        var plans = new List<CompactionPlan>();
        foreach (var group in candidates.Where(c => c.Manifest.Sources.IsEmpty && !c.LacksOutputs).GroupBy(c => (c.Manifest.Shard, c.Manifest.PartitionId)))
        {
            var batch = new List<CompactionCandidate>();
            foreach (var c in group.OrderBy(c => c.Manifest.SegmentId))
            {
                if (batch.Count > 0 && PartsOf([.. batch, c], limits) > MostParts) Close();
                batch.Add(c);
            }
            Close();

            void Close()
            {
                // One segment is as clustered as it can be.
                if (batch.Count > 1 || batch[0].DeletedRows > 0)
                    plans.Add(new CompactionPlan(group.Key.Shard, group.Key.PartitionId, [.. batch.Select(b => b.Manifest)]) { Parts = PartsOf(batch, limits) });
                batch.Clear();
            }
        }
        return plans;
    }

    private static int PartsOf(List<CompactionCandidate> batch, CompactionLimits limits) =>
        (int)Math.Max(1, Math.Max(Ceiling(batch.Sum(c => c.LiveRows), limits.MaxRows), Ceiling(batch.Sum(LiveBytes), limits.MaxBytes)));

    private static long Ceiling(long amount, long unit) => (amount + (unit - 1)) / unit;

    private static HashSet<long> Merge(int shard, long partition, List<CompactionCandidate> small, CompactionLimits limits, int minimum, List<CompactionPlan> plans)
    {
        var merged = new HashSet<long>();
        var batch = new List<CompactionCandidate>();
        long rows = 0, bytes = 0;
        void Close()
        {
            if (batch.Count >= minimum)
            {
                plans.Add(new CompactionPlan(shard, partition, [.. batch.Select(b => b.Manifest)]));
                foreach (var b in batch) merged.Add(b.Manifest.SegmentId);
            }
            batch.Clear();
            rows = bytes = 0;
        }
        foreach (var c in small)
        {
            var size = LiveBytes(c);
            if (batch.Count > 0 && (rows + c.LiveRows > limits.MaxRows || bytes + size > limits.MaxBytes)) Close();
            batch.Add(c);
            rows += c.LiveRows;
            bytes += size;
        }
        Close();
        return merged;
    }

    private static bool IsSmall(CompactionCandidate c, CompactionLimits limits) =>
        c.LiveRows < limits.MaxRows * SmallShare && LiveBytes(c) < limits.MaxBytes * SmallShare;

    private static long LiveBytes(CompactionCandidate c) =>
        c.Manifest.RowCount == 0 ? 0 : (long)(c.Manifest.Columns.Sum(f => f.Bytes) * ((double)c.LiveRows / c.Manifest.RowCount));
}
