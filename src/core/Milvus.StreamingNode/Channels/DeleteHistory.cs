using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.StreamingNode;

/// <summary>One logged delete, kept until a checkpoint writes it out.</summary>
public readonly record struct LoggedDelete(long Sequence, Timestamp Timestamp, PrimaryKeys Keys, ImmutableArray<long> Partitions)
{
    public bool AppliesTo(long partitionId) => Partitions.IsDefaultOrEmpty || Partitions.Contains(partitionId);
}

/// <summary>
/// The channel's deletes since its checkpoint, in log order. Sealed segments that are loaded later learn from it what happened meanwhile.
/// Owned by the channel's writer.
/// </summary>
public sealed class DeleteHistory
{
    private readonly List<LoggedDelete> _deletes = [];

    public int Count => _deletes.Count;

    public long KeyCount { get; private set; }

    public void Add(LoggedDelete delete)
    {
        _deletes.Add(delete);
        KeyCount += delete.Keys.Count;
    }

    /// <summary>The deletes after <paramref name="after"/>, oldest first; a copy that the caller may keep.</summary>
    public IReadOnlyList<LoggedDelete> Since(Timestamp after)
    {
        var first = _deletes.Count;
        while (first > 0 && _deletes[first - 1].Timestamp > after) first--;
        return _deletes.GetRange(first, _deletes.Count - first);
    }

    /// <summary>Deletes up to and including a log sequence, to be written to a tombstone file.</summary>
    public IReadOnlyList<LoggedDelete> UpTo(long sequence) => _deletes.TakeWhile(d => d.Sequence <= sequence).ToList();

    /// <summary>Forgets what is at or before the log sequence: it is in tombstone files now.</summary>
    public void Trim(long sequence)
    {
        var n = 0;
        while (n < _deletes.Count && _deletes[n].Sequence <= sequence) KeyCount -= _deletes[n++].Keys.Count;
        _deletes.RemoveRange(0, n);
    }
}
