using System.Buffers;
using Google.Protobuf;
using Milvus.Actors.Protocol;
using Milvus.Model;
using Milvus.StreamingNode;

namespace Milvus.Actors.Query;

/// <summary>Deletes on their way from a channel to the query nodes that hold its sealed segments.</summary>
public static class DeletePushes
{
    /// <summary>For the channel: what it pushes to one node.</summary>
    /// <param name="segments">Which segments, and which incarnations of them the sender thinks of.</param>
    /// <param name="after">Log sequence that the replicas have at least, as far as the sender knows.</param>
    /// <param name="upTo">Log sequence up to which <paramref name="deletes"/> is everything after it.</param>
    public static PushDeletesRequest Request(ShardId shard, IEnumerable<(long Id, long Incarnation)> segments, IEnumerable<LoggedDelete> deletes, long after, long upTo)
    {
        var request = new PushDeletesRequest { CollectionId = shard.CollectionId, Shard = shard.Shard, AfterSequence = after, UpToSequence = upTo };
        foreach (var (id, incarnation) in segments)
        {
            request.SegmentIds.Add(id);
            request.Incarnations.Add(incarnation);
        }
        foreach (var d in deletes) request.Deletes.Add(Encode(d));
        return request;
    }

    public static LoggedDeletes Encode(LoggedDelete delete)
    {
        var keys = new ArrayBufferWriter<byte>(checked((int)ColumnCodec.EstimateSize(delete.Keys.Column)));
        ColumnCodec.Write(keys, delete.Keys.Column);
        var message = new LoggedDeletes { Sequence = delete.Sequence, Timestamp = delete.Timestamp.Value, Keys = UnsafeByteOperations.UnsafeWrap(keys.WrittenMemory) };
        if (!delete.Partitions.IsDefaultOrEmpty) message.PartitionIds.AddRange(delete.Partitions);
        return message;
    }

    /// <exception cref="IntegrityException">The keys cannot be read.</exception>
    public static LoggedDelete Decode(LoggedDeletes message)
    {
        var input = new ColumnReader(message.Keys.Memory, "pushed deletes");
        var keys = ColumnCodec.Read(ref input);
        if (!input.AtEnd || keys.Type is not (DataType.Int64 or DataType.VarChar)) throw input.Damaged($"keys of type {keys.Type}");
        return new LoggedDelete(message.Sequence, new Timestamp(message.Timestamp), new PrimaryKeys(keys), [.. message.PartitionIds]);
    }

    /// <summary>Applies a push to the segments that are here; the reply names those that are not, are other incarnations, or are further behind than the push reaches.</summary>
    public static PushDeletesReply Apply(SegmentTable table, PushDeletesRequest request)
    {
        var deletes = request.Deletes.Select(Decode).OrderBy(d => d.Sequence).ToList();
        var reply = new PushDeletesReply();
        for (var i = 0; i < request.SegmentIds.Count; i++)
        {
            var id = request.SegmentIds[i];
            var replica = table.Find(id, SegmentTable.At(request.Incarnations, i));
            if (replica is null || !replica.Push(deletes, request.AfterSequence, request.UpToSequence)) reply.MissingSegmentIds.Add(id);
        }
        return reply;
    }
}
