using System.Globalization;
using System.Text;

namespace Milvus.Actors.Inspection;

/// <summary>The facts about a cluster as plain text tables: one line each under a line of titles, columns aligned, numbers to the right.</summary>
public static class InspectionText
{
    public static string Collections(IReadOnlyList<CollectionFacts> facts) => Table(
        "no collections",
        facts,
        new("database", f => f.Database), new("collection", f => f.Name), new("id", f => f.Id), new("shards", f => f.Shards), new("partitions", f => f.Partitions),
        new("load", f => f.Load), new("replicas", f => f.Replicas));

    public static string Channels(IReadOnlyList<ChannelFacts> facts) => Table(
        "no channels",
        facts,
        new("channel", f => f.Channel), new("collection", f => f.Collection), new("node", f => f.Node), new("load", f => f.Load), new("applied", f => f.AppliedSequence),
        new("checkpoint", f => f.CheckpointSequence), new("growing", f => f.GrowingSegments), new("rows", f => f.GrowingRows),
        new("replicas ready", f => $"{f.ReadyReplicas}/{f.Replicas}"), new("problem", f => f.Problem));

    public static string Segments(IReadOnlyList<SegmentFacts> facts) => Table(
        "no segments",
        facts,
        new("collection", f => f.Collection), new("segment", f => f.Segment), new("shard", f => f.Shard), new("state", f => f.State), new("replica", f => f.Replica),
        new("node", f => f.Node), new("ready", f => f.Ready), new("rows", f => f.Rows), new("deleted", f => f.DeletedRows), new("memory", f => Size(f.MemoryBytes)));

    public static string Nodes(IReadOnlyList<NodeFacts> facts) => Table(
        "no nodes",
        facts,
        new("node", f => f.Node), new("roles", f => f.Roles), new("status", f => f.Status), new("reachable", f => f.Reachable), new("coordinator", f => f.IsCoordinator),
        new("catalogue", f => f.CatalogVersion), new("memory", f => Size(f.MemoryBytes)), new("limit", f => Size(f.MemoryLimitBytes)), new("rows", f => f.Rows),
        new("group", f => f.Group));

    public static string Tasks(IReadOnlyList<TaskFacts> facts) => Table(
        "no tasks",
        facts,
        new("task", f => f.Task), new("kind", f => f.Kind), new("state", f => f.State), new("node", f => f.Node), new("failure", f => f.Failure));

    /// <summary>Bytes with a unit of powers of 1024 and at most one decimal: <c>512 B</c>, <c>1.5 GiB</c>.</summary>
    private static string Size(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var unit = 0;
        double value = bytes;
        // 1023.96 would be shown as 1024.
        for (; value >= 1023.95 && unit < units.Length - 1; unit++) value /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {units[unit]}");
    }

    private static string Table<T>(string none, IReadOnlyList<T> facts, params ReadOnlySpan<Column<T>> columns)
    {
        if (facts.Count == 0) return none + "\n";
        var lines = new StringBuilder[facts.Count + 1];
        for (var i = 0; i < lines.Length; i++) lines[i] = new StringBuilder();
        foreach (var column in columns)
        {
            var values = facts.Select(column.Value).ToArray();
            string[] cells = [column.Title, .. values.Select(Cell)];
            var width = cells.Max(c => c.Length);
            var right = values[0] is int or long;
            for (var i = 0; i < lines.Length; i++)
            {
                if (lines[i].Length > 0) lines[i].Append("  ");
                lines[i].Append(right ? cells[i].PadLeft(width) : cells[i].PadRight(width));
            }
        }
        return string.Concat(lines.Select(l => l.ToString().TrimEnd() + "\n"));
    }

    // An empty cell has a mark, and nothing breaks a line: words in a line can be counted.
    private static string Cell(object value) => value switch
    {
        bool b => b ? "yes" : "no",
        string { Length: 0 } => "-",
        string s => s.ReplaceLineEndings(" "),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private readonly record struct Column<T>(string Title, Func<T, object> Value);
}
