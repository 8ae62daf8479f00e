namespace Milvus.Actors.Query;

/// <summary>Settings of a query node.</summary>
public sealed record QueryOptions
{
    public static QueryOptions Default { get; } = new();

    /// <summary>Segments that are read from object storage at the same time. Checking and decoding take a core each.</summary>
    public int ConcurrentLoads { get; init; } = Math.Max(2, Environment.ProcessorCount / 2);

    /// <summary>Searches and queries that run at the same time; others wait, so that all of them keep their pace.</summary>
    public int ConcurrentReads { get; init; } = 2 * Environment.ProcessorCount;

    /// <summary>How long a released segment stays readable for reads that were planned before.</summary>
    public TimeSpan ReleaseGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a replica that moves to another node stays readable: until it is loaded there, if all goes well.</summary>
    public TimeSpan MoveGrace { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a node that leaves waits for its segments to be loaded elsewhere; below the time-out of the shutdown phase.</summary>
    public TimeSpan LeavePatience { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>How long it stays after that: channels have to hear of the new places.</summary>
    public TimeSpan LeavePause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often a node tells the others how full it is.</summary>
    public TimeSpan LoadReportInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long resource groups must have had the same nodes before segments move because of them: longer than a node takes to start again.</summary>
    public TimeSpan RegroupAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a loaded replica looks whether its collection still exists.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromSeconds(10);
}
