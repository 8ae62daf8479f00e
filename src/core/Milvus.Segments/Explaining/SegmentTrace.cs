using Milvus.Expressions;

namespace Milvus.Segments;

/// <summary>Takes notes while one segment answers one request; lies in the scratch so that nothing else has to know of it.</summary>
internal sealed class SegmentTrace(TimeProvider time)
{
    public FilterTrace Filter { get; } = new();

    public bool IsKeyLookup { get; set; }

    public long RowsPassing { get; private set; }

    public double FilterMs { get; private set; }

    public string SearchPlan { get; private set; } = "none";

    public string SearchReason { get; private set; } = "no row can match";

    public string VectorIndex { get; private set; } = "";

    public long Start() => time.GetTimestamp();

    public double MsSince(long start) => time.GetElapsedTime(start).TotalMilliseconds;

    public void Selected(RowSet rows, long start)
    {
        RowsPassing = rows.Count();
        FilterMs = MsSince(start);
    }

    public void Ranked(string plan, string reason, string index = "") => (SearchPlan, SearchReason, VectorIndex) = (plan, reason, index);
}
