using Akka.Actor;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Rpc;
using Milvus.Actors.Time;
using Milvus.Embedded;
using Milvus.Proxy;
using Milvus.Storage.Meta;
using Milvus.Storage.Objects;

namespace Milvus.Actors.Node;

/// <summary>What the parts of one cluster node share. Made once at start; region references are set when the regions have started.</summary>
public sealed class NodeServices
{
    public required ActorSystem System { get; init; }

    public required EngineOptions Options { get; init; }

    public required IMetaStore Meta { get; init; }

    public required IObjectStore Objects { get; init; }

    /// <summary>The bucket that the objects are in; null when they are in a directory.</summary>
    public string? Bucket { get; init; }

    /// <summary>Where external files and exported snapshots are: beside the objects.</summary>
    public ExternalPlaces Places => new(Objects, Bucket, Data.ObjectKeeper.Roots);

    public required ClusterOracle Oracle { get; init; }

    public required INodeRpc Rpc { get; init; }

    /// <summary>This node's copy of the catalogue.</summary>
    public required Catalogs.CatalogReplica Catalog { get; init; }

    /// <summary>The coordinator, wherever it is.</summary>
    public required Catalogs.ICoordinatorClient Coordinator { get; init; }

    public required Milvus.Embedded.Collections.MemoryBudget Memory { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Logging { get; init; }

    public string[] Roles { get; init; } = NodeRoles.All;

    /// <summary>Region or region proxy of the channels.</summary>
    public IActorRef Channels { get; set; } = ActorRefs.Nobody;

    /// <summary>Region or region proxy of the loaded segments.</summary>
    public IActorRef Segments { get; set; } = ActorRefs.Nobody;

    /// <summary>Region or region proxy of the data nodes' tasks.</summary>
    public IActorRef Tasks { get; set; } = ActorRefs.Nobody;
}
