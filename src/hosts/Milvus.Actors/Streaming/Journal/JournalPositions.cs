namespace Milvus.Actors.Streaming.Journal;

/// <summary>Where a record ends in the journal.</summary>
/// <param name="Sequence">The record's number in its channel.</param>
/// <param name="JournalNr">The journal's number of the record's last event.</param>
/// <param name="Bytes">Payload bytes up to there since the entity started.</param>
internal readonly record struct JournalPosition(long Sequence, long JournalNr, long Bytes);

/// <summary>
/// Maps channel sequences to journal numbers. Sparse: not every record is kept, so the journal is at times trimmed a few records less far than it could be. For one thread.
/// </summary>
internal sealed class JournalPositions
{
    private const int Spacing = 16;

    private readonly List<JournalPosition> _kept = [];
    private JournalPosition _last;
    private long _trimmedBytes;

    /// <summary>Payload bytes not trimmed yet.</summary>
    public long Bytes => _last.Bytes - _trimmedBytes;

    public void Add(long sequence, long journalNr, long bytes)
    {
        _last = new JournalPosition(sequence, journalNr, _last.Bytes + bytes);
        if (_kept.Count == 0 || sequence - _kept[^1].Sequence >= Spacing) _kept.Add(_last);
    }

    /// <summary>The last known position at or before a channel sequence.</summary>
    public JournalPosition? Floor(long sequence)
    {
        if (_last.JournalNr > 0 && _last.Sequence <= sequence) return _last;
        JournalPosition? floor = null;
        foreach (var p in _kept)
        {
            if (p.Sequence > sequence) break;
            floor = p;
        }
        return floor;
    }

    /// <summary>Forgets what is before a position that the journal was trimmed to.</summary>
    public void TrimTo(long journalNr)
    {
        var n = _kept.FindLastIndex(p => p.JournalNr <= journalNr);
        if (n >= 0) _trimmedBytes = Math.Max(_trimmedBytes, _kept[n].Bytes);
        _kept.RemoveRange(0, n + 1);
        if (_last.JournalNr <= journalNr) _trimmedBytes = _last.Bytes;
    }
}
