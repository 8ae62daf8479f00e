using Akka.Actor;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Node;
using Milvus.Coordinator.Service;
using Milvus.Embedded;
using Milvus.Storage.Meta;
using Milvus.Storage.Objects;

namespace Milvus.Actors.Catalogs;

/// <summary>What a coordinator works with, and its patience.</summary>
public sealed record CoordinatorSettings
{
    public required IMetaStore Meta { get; init; }

    public required IObjectStore Objects { get; init; }

    public required EngineOptions Engine { get; init; }

    public CoordinatorOptions Coordinator { get; init; } = new();

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Logging { get; init; }

    /// <summary>The channel region; asked for each time, because regions start after the coordinator does.</summary>
    public required Func<IActorRef> Channels { get; init; }

    /// <summary>The task region.</summary>
    public required Func<IActorRef> Tasks { get; init; }

    /// <summary>How long the answer to a command waits for nodes to show the change.</summary>
    public TimeSpan AcknowledgePatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long after its start the coordinator expects every member of the cluster to register.</summary>
    public TimeSpan RegistrationPatience { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A node that was not heard of for so long is forgotten until it registers again.</summary>
    public TimeSpan NodeSilence { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Every channel is woken once in this time.</summary>
    public TimeSpan WakeInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>First pause after a failed start; doubled up to <see cref="MaxRetryPause"/>.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan MaxRetryPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a coordinator that was superseded stands back. It is more than a partition takes to be resolved: whoever still is the cluster's singleton
    /// afterwards takes over again.
    /// </summary>
    public TimeSpan FencedPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Requests kept while the coordinator starts; more are refused with code 2.</summary>
    public int MaxEarlyRequests { get; init; } = 10_000;

    /// <summary>A request kept longer than this is dropped: who asked has given up.</summary>
    public TimeSpan EarlyRequestAge { get; init; } = TimeSpan.FromSeconds(30);

    public Data.PlannerSettings Planner { get; init; } = new();

    public static CoordinatorSettings From(NodeServices services, CoordinatorOptions coordinator) => new()
    {
        Meta = services.Meta,
        Objects = services.Objects,
        Engine = services.Options,
        Coordinator = coordinator,
        Time = services.Time,
        Logging = services.Logging,
        Channels = () => services.Channels,
        Tasks = () => services.Tasks,
    };
}
