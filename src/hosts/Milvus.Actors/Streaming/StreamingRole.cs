using Akka.Actor;
using Google.Protobuf;
using Milvus.Actors.Node;
using Milvus.Actors.Protocol;
using Milvus.Actors.Rpc;
using Milvus.Actors.Streaming.Channels;
using Milvus.Actors.Streaming.Reads;
using Milvus.Coordinator;
using Milvus.Model;
using Milvus.Proxy.Wire;

namespace Milvus.Actors.Streaming;

/// <summary>
/// A node's streaming side: hosts shard channels and answers writes to them and the opening of reads. Make one per node with the streaming role, call <see cref="Start"/>, then start the
/// region (<see cref="ChannelRegion.StartAsync"/>).
/// </summary>
public sealed class StreamingRole : IDisposable
{
    private readonly ShardOpener _opener;

    /// <param name="services">The node's parts; its region references may be set later.</param>
    /// <param name="clock">By which the process notices that it slept; the services' by default.</param>
    public StreamingRole(NodeServices services, StreamingOptions? options = null, TimeProvider? clock = null)
    {
        Services = services;
        Options = (options ?? StreamingOptions.Default).Validated();
        Wakefulness = new Wakefulness(clock ?? services.Time, TimeSpan.FromMilliseconds(Options.SleepMs));
        Sessions = new ShardSessions(services.Oracle, services.Time, Options);
        _opener = new ShardOpener(this);
    }

    public ChannelTable Channels { get; } = new();

    public ShardSessions Sessions { get; }

    public StreamingOptions Options { get; }

    internal NodeServices Services { get; }

    internal Wakefulness Wakefulness { get; }

    /// <summary>Registers the methods Write, OpenShard and CloseShard, and follows the catalogue.</summary>
    public void Start()
    {
        Services.Rpc.Handle(RpcMethod.Write, WriteAsync);
        Services.Rpc.Handle(RpcMethod.OpenShard, _opener.OpenAsync);
        Services.Rpc.Handle(RpcMethod.CloseShard, Close);
        Services.Catalog.Changed += OnCatalogChanged;
    }

    /// <summary>The region's entity for a channel name.</summary>
    public Props EntityProps(string entityId)
    {
        var id = ChannelRegion.Parse(entityId);
        return Props.Create(() => new ChannelGuardian(this, id));
    }

    public void Dispose()
    {
        Services.Catalog.Changed -= OnCatalogChanged;
        Sessions.Dispose();
        Wakefulness.Dispose();
    }

    internal Props ChannelProps(ChannelHandle handle, ChannelFacts facts) => Props.Create(() => new ChannelEntity(this, handle, facts));

    private async ValueTask<ReadOnlyMemory<byte>> WriteAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        var request = WriteRequest.Parser.ParseFrom(payload.Span);
        if (request.RequestId.Length != 16) throw MilvusException.InvalidParameter($"a request id of {request.RequestId.Length} bytes");
        await Services.Catalog.EnsureAsync(request.CatalogVersion, cancellation).ConfigureAwait(false);
        var channel = Channels.Get(new ShardId(request.CollectionId, request.Shard));
        var at = await channel.WriteAsync(new Guid(request.RequestId.Span), ShardWriteCodec.Decode(request.Write.Memory), cancellation).ConfigureAwait(false);
        return new WriteReply { Timestamp = at.Value }.ToByteArray();
    }

    private ValueTask<ReadOnlyMemory<byte>> Close(ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        Sessions.Close(CloseShardRequest.Parser.ParseFrom(payload.Span).Session);
        return new(ReadOnlyMemory<byte>.Empty);
    }

    private void OnCatalogChanged(Catalog catalog)
    {
        foreach (var channel in Channels.Channels)
        {
            var info = catalog.FindCollection(channel.Id.CollectionId);
            if (info is null) channel.Guardian.Tell(CollectionGone.Instance, ActorRefs.NoSender);
            else if (channel.Live is { } live && !ReferenceEquals(live.Info, info)) channel.Nudge();
        }
    }
}
