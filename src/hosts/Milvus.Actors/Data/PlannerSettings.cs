namespace Milvus.Actors.Data;

/// <summary>How often the planner looks for work, and its patience with those who do it.</summary>
public sealed record PlannerSettings
{
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A task that was not heard of for so long is sent again.</summary>
    public TimeSpan TaskSilence { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Pause before a failed task is planned again.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Tasks that are out at once; data nodes queue what they cannot begin.</summary>
    public int MaxTasks { get; init; } = 256;

    public TimeSpan CompactionInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the objects of a removed segment stay for readers that are under way.</summary>
    public TimeSpan RemovedGrace { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Age from which an object that nothing refers to is taken for left behind.</summary>
    public TimeSpan OrphanAge { get; init; } = TimeSpan.FromHours(24);

    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromHours(1);
}
