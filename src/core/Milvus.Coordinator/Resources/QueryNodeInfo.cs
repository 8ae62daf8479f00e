namespace Milvus.Coordinator.Resources;

/// <summary>A node that holds loaded segments, as clients see it.</summary>
/// <param name="Name">By which the nodes of a cluster know each other; it decides the group.</param>
/// <param name="Id">Positive, and the same for a node that was started again in its place.</param>
/// <param name="Address">Where other nodes reach it.</param>
public sealed record QueryNodeInfo(string Name, long Id, string Address, string Hostname)
{
    /// <summary>The node that a server in one process is.</summary>
    public static QueryNodeInfo Local { get; } = new("localhost", 1, "localhost", "localhost");
}
