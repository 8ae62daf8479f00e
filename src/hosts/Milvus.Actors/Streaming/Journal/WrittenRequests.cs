using Google.Protobuf;
using Milvus.Actors.Protocol;
using Milvus.Model;

namespace Milvus.Actors.Streaming.Journal;

/// <summary>
/// The request ids of the latest writes with their timestamps, so that a write whose answer was lost is answered again instead of done again. For one thread.
/// </summary>
internal sealed class WrittenRequests(int capacity)
{
    private readonly Dictionary<Guid, Timestamp> _timestamps = [];
    private readonly Queue<(Guid Request, Timestamp At, long Sequence)> _order = new();

    public int Count => _order.Count;

    public bool TryGet(Guid request, out Timestamp at) => _timestamps.TryGetValue(request, out at);

    public void Add(Guid request, Timestamp at, long sequence)
    {
        if (!_timestamps.TryAdd(request, at)) return;
        _order.Enqueue((request, at, sequence));
        if (_order.Count > capacity) _timestamps.Remove(_order.Dequeue().Request);
    }

    /// <summary>What a snapshot keeps: writes up to a sequence that are not older than a moment.</summary>
    public IEnumerable<WrittenRequest> Since(Timestamp oldest, long upToSequence)
    {
        foreach (var (request, at, sequence) in _order)
        {
            if (sequence > upToSequence) yield break;
            if (at >= oldest) yield return new WrittenRequest { RequestId = ByteString.CopyFrom(request.ToByteArray()), Timestamp = at.Value, Sequence = sequence };
        }
    }
}
