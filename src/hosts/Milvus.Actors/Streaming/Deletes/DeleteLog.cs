using Milvus.StreamingNode;

namespace Milvus.Actors.Streaming.Deletes;

/// <summary>Deletes to send to a replica.</summary>
/// <param name="After">The deletes are all those behind this sequence …</param>
/// <param name="UpTo">… and at or before this one.</param>
internal sealed record DeleteStretch(long After, long UpTo, IReadOnlyList<LoggedDelete> Deletes);

/// <summary>
/// A channel's deletes since its checkpoint, for those that bring them to the replicas of its sealed segments. Written by the channel, read by anybody. Thread-safe.
/// </summary>
internal sealed class DeleteLog(long checkpointSequence)
{
    private readonly Lock _lock = new();
    private readonly List<LoggedDelete> _deletes = [];
    private long _trimmedTo = checkpointSequence;
    private long _coveredTo = checkpointSequence;
    private long _lastDelete = checkpointSequence;

    /// <summary>Deletes up to here are in tombstone files only.</summary>
    public long TrimmedTo => Volatile.Read(ref _trimmedTo);

    /// <summary>The last record that deleted something: a replica that has it has everything.</summary>
    public long LastDelete => Volatile.Read(ref _lastDelete);

    /// <summary>Adds the deletes of applied records, the last of which is <paramref name="coveredTo"/>.</summary>
    public void Append(IReadOnlyList<LoggedDelete> deletes, long coveredTo)
    {
        lock (_lock)
        {
            _deletes.AddRange(deletes);
            _coveredTo = coveredTo;
            if (deletes.Count > 0) Volatile.Write(ref _lastDelete, deletes[^1].Sequence);
        }
    }

    /// <summary>What a replica lacks that has the deletes up to <paramref name="after"/>; null when some of that is not here any more.</summary>
    public DeleteStretch? Since(long after)
    {
        lock (_lock)
        {
            if (after < _trimmedTo) return null;
            var first = _deletes.Count;
            while (first > 0 && _deletes[first - 1].Sequence > after) first--;
            return new DeleteStretch(after, Math.Max(after, _coveredTo), _deletes.GetRange(first, _deletes.Count - first));
        }
    }

    public void Trim(long sequence)
    {
        lock (_lock)
        {
            if (sequence <= _trimmedTo) return;
            var n = 0;
            while (n < _deletes.Count && _deletes[n].Sequence <= sequence) n++;
            _deletes.RemoveRange(0, n);
            Volatile.Write(ref _trimmedTo, sequence);
        }
    }
}
