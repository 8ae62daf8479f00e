using Akka.Actor;
using Akka.Cluster;
using Google.Protobuf;
using Milvus.Actors.Node;
using Milvus.Actors.Protocol;
using Milvus.Actors.Rpc;
using Milvus.Storage.Objects;

namespace Milvus.Actors.Query;

/// <summary>
/// What makes a node a query node: the table of loaded segments, the region whose entities fill it, and the calls that read it and bring it deletes.
/// </summary>
public sealed class QueryRole : IDisposable
{
    private readonly NodeServices _node;

    private QueryRole(NodeServices node, QueryOptions options, IObjectStore objects)
    {
        _node = node;
        Options = options;
        Table = new SegmentTable();
        Placement = new NodeLoads(node.Time);
        Loads = new SegmentLoads(node, Table, objects, options);
    }

    public QueryOptions Options { get; }

    public SegmentTable Table { get; }

    public SegmentLoads Loads { get; }

    /// <summary>How full the query nodes are.</summary>
    public NodeLoads Placement { get; }

    /// <summary>Rows in memory, for the node's registration.</summary>
    public long Rows => Table.Replicas.Sum(r => (long)r.Segment.RowCount);

    /// <summary>Makes the table and handles <see cref="RpcMethod.PushDeletes"/>. <see cref="ShardReads"/> must be made with <see cref="Table"/>; the region starts with <see cref="StartRegionAsync"/>.</summary>
    /// <param name="cache">In front of the node's object store; null for none.</param>
    public static QueryRole Create(NodeServices node, QueryOptions options, CachingObjectStore? cache = null)
    {
        var role = new QueryRole(node, options, cache ?? node.Objects);
        node.Rpc.Handle(RpcMethod.PushDeletes, (payload, _) => new(role.PushDeletes(payload)));
        return role;
    }

    /// <summary>Starts the actor that exchanges loads and the segment region, to be set as <see cref="NodeServices.Segments"/>.</summary>
    public async Task<IActorRef> StartRegionAsync()
    {
        var system = _node.System;
        system.ActorOf(Props.Create(() => new NodeLoadActor(Placement, Table, _node.Memory, () => Loads.Loading, Options.LoadReportInterval)), NodeLoadActor.Name);
        var leave = new QueryLeave(Cluster.Get(system), Table, Placement, Options, _node.Time);
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseClusterShardingShutdownRegion, "keep-serving", leave.KeepServingAsync);
        var members = new QueryMembers(system, () => _node.Catalog.Catalog);
        var allocation = new SegmentAllocation(Placement, _node.Rpc.Self, _node.Time, members.Groups, Options.RegroupAfter);
        return await SegmentRegion.StartAsync(system, EntityProps, allocation).ConfigureAwait(false);
    }

    /// <summary>The entity of a replica, by its entity id.</summary>
    public Props EntityProps(string entityId)
    {
        var (loads, catalog, self) = (Loads, _node.Catalog, _node.Rpc.Self.ToString());
        return Props.Create(() => new SegmentEntity(entityId, loads, catalog, self));
    }

    public void Dispose() => Loads.Dispose();

    private ReadOnlyMemory<byte> PushDeletes(ReadOnlyMemory<byte> payload) =>
        DeletePushes.Apply(Table, PushDeletesRequest.Parser.ParseFrom(payload.Span)).ToByteArray();
}
