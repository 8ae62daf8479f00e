using System.Numerics;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// The deletes of one segment as (row, timestamp) pairs in timestamp order; a row appears once, with its earliest delete. One writer
/// at a time, any number of readers without locks. Sealed data is never rewritten: this log is what makes a row disappear.
/// </summary>
public sealed class TombstoneLog
{
    private State _state = new([], [], 0, 0);
    private LiveBits? _newest;
    private LiveBits? _past;
    private ulong[] _marked = [];

    /// <summary>Rows deleted so far, at any time.</summary>
    public int Count => Volatile.Read(ref _state).Published;

    /// <summary>Bytes held, caches included.</summary>
    public long MemoryBytes
    {
        get
        {
            var state = Volatile.Read(ref _state);
            var words = Volatile.Read(ref _marked).LongLength + (Volatile.Read(ref _newest)?.Words.LongLength ?? 0) + (Volatile.Read(ref _past)?.Words.LongLength ?? 0);
            return (state.Rows.LongLength * (sizeof(int) + sizeof(ulong))) + (words * sizeof(ulong));
        }
    }

    /// <summary>The timestamp of the newest delete, zero when there is none.</summary>
    public Timestamp Newest
    {
        get
        {
            var state = Volatile.Read(ref _state);
            var count = state.Published;
            return count == 0 ? Timestamp.Zero : new Timestamp(state.Times[count - 1]);
        }
    }

    /// <summary>
    /// Marks <c>rows[i]</c> as deleted at <c>times[i]</c>; a row deleted at or before that stays as it is. Single writer. Readers see
    /// all of the call's deletes or none. Appending in timestamp order costs the rows only; older timestamps are merged in at the cost
    /// of the whole log.
    /// </summary>
    /// <returns>How many rows had no delete before.</returns>
    public int Append(ReadOnlySpan<int> rows, ReadOnlySpan<Timestamp> times)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(times.Length, rows.Length);
        var state = _state;
        var published = state.Published;
        var newest = published == 0 ? 0 : state.Times[published - 1];
        foreach (var time in times)
        {
            if (time.Value < newest) return Merge(rows, times);
            newest = time.Value;
        }

        var count = published;
        for (var i = 0; i < rows.Length; i++)
        {
            if (!Mark(rows[i])) continue;
            // The old arrays stay as they are for the readers that hold them.
            if (count == state.Rows.Length) state = state.Grown(count, published);
            state.Rows[count] = rows[i];
            state.Times[count++] = times[i].Value;
        }
        if (count == published) return 0;
        state.Publish(count);
        Volatile.Write(ref _state, state);
        return count - published;
    }

    /// <summary>As the other overload, with one timestamp for all rows.</summary>
    public int Append(ReadOnlySpan<int> rows, Timestamp at)
    {
        if (rows.Length == 0) return 0;
        var times = new Timestamp[rows.Length];
        times.AsSpan().Fill(at);
        return Append(rows, times);
    }

    /// <summary>True when the row was deleted at any time so far. For the writer only.</summary>
    public bool IsMarked(int row) => (row >> 6) < _marked.Length && (_marked[row >> 6] >> (row & 63) & 1) != 0;

    /// <summary>Rows deleted at or before <paramref name="at"/>.</summary>
    public int CountAt(Timestamp at) => Volatile.Read(ref _state).Prefix(at);

    /// <summary>
    /// One bit per row, 1 = not deleted at or before <paramref name="at"/>; null when no row is. Bits from <paramref name="rowCount"/>
    /// on carry no meaning. The array has at least ⌈rowCount / 64⌉ words, is shared between readers and must not be written to.
    /// </summary>
    /// <remarks>
    /// The answer for the newest prefix of the log is kept, and extended by copying when the log has advanced: readers at the present
    /// share one array. One answer for the past is kept too, for readers that follow at a distance. Others build their own.
    /// </remarks>
    public ulong[]? LiveRows(Timestamp at, int rowCount)
    {
        var state = Volatile.Read(ref _state);
        var prefix = state.Prefix(at);
        if (prefix == 0) return null;
        var wordCount = Validity.WordCount(rowCount);
        var cached = Usable(ref _newest, state, prefix) ?? Usable(ref _past, state, prefix);
        if (cached is not null && cached.Applied == prefix && cached.Words.Length >= wordCount) return cached.Words;

        var words = Extend(cached?.Words ?? [], wordCount);
        var from = cached?.Applied ?? 0;
        var complete = true;
        foreach (var row in state.Rows.AsSpan(from, prefix - from))
        {
            // A row appended after the reader took its row count: not this reader's, but it spoils the array for later ones.
            if ((row >> 6) < words.Length) words[row >> 6] &= ~(1UL << (row & 63));
            else complete = false;
        }
        if (complete) Keep(new LiveBits(words, prefix, state.Generation));
        return words;
    }

    /// <summary>The deletes later than <paramref name="after"/>, oldest first.</summary>
    public (int[] Rows, Timestamp[] Times) Since(Timestamp after)
    {
        var state = Volatile.Read(ref _state);
        var count = state.Published;
        var from = state.Prefix(after);
        if (from >= count) return ([], []);
        var times = new Timestamp[count - from];
        for (var i = 0; i < times.Length; i++) times[i] = new Timestamp(state.Times[from + i]);
        return (state.Rows.AsSpan(from, count - from).ToArray(), times);
    }

    /// <summary>What was kept, if it is about the same log and no later than wanted.</summary>
    private static LiveBits? Usable(ref LiveBits? kept, State state, int prefix)
    {
        var bits = Volatile.Read(ref kept);
        return bits is not null && bits.Generation == state.Generation && bits.Applied <= prefix ? bits : null;
    }

    private void Keep(LiveBits bits)
    {
        var newest = Volatile.Read(ref _newest);
        // Readers may race to keep their answers: any of them is right, at worst a later one is built again.
        if (newest is null || newest.Generation != bits.Generation || bits.Applied >= newest.Applied) Volatile.Write(ref _newest, bits);
        else Volatile.Write(ref _past, bits);
    }

    private static ulong[] Extend(ulong[] words, int wordCount)
    {
        // Room to spare, so that a growing segment does not copy for every 64 rows.
        var size = wordCount <= words.Length ? words.Length : Math.Max(wordCount, words.Length * 3 / 2);
        var extended = new ulong[size];
        words.CopyTo(extended, 0);
        extended.AsSpan(words.Length).Fill(ulong.MaxValue);
        return extended;
    }

    private bool Mark(int row)
    {
        var word = row >> 6;
        if (word >= _marked.Length)
        {
            var grown = new ulong[BitOperations.RoundUpToPowerOf2((uint)word + 1)];
            _marked.CopyTo(grown, 0);
            Volatile.Write(ref _marked, grown);
        }
        var bit = 1UL << (row & 63);
        if ((_marked[word] & bit) != 0) return false;
        _marked[word] |= bit;
        return true;
    }

    private int Merge(ReadOnlySpan<int> rows, ReadOnlySpan<Timestamp> at)
    {
        var old = _state;
        var earliest = new Dictionary<int, ulong>(old.Published + rows.Length);
        for (var i = 0; i < old.Published; i++) earliest[old.Rows[i]] = old.Times[i];
        var added = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            if (Mark(rows[i])) added++;
            if (!earliest.TryGetValue(rows[i], out var known) || known > at[i].Value) earliest[rows[i]] = at[i].Value;
        }
        var sortedTimes = new ulong[earliest.Count];
        var sortedRows = new int[earliest.Count];
        var next = 0;
        foreach (var (row, time) in earliest)
        {
            sortedRows[next] = row;
            sortedTimes[next++] = time;
        }
        Array.Sort(sortedTimes, sortedRows);
        Volatile.Write(ref _state, new State(sortedRows, sortedTimes, next, old.Generation + 1));
        return added;
    }

    private sealed class LiveBits(ulong[] words, int applied, int generation)
    {
        public readonly ulong[] Words = words;
        public readonly int Applied = applied;
        public readonly int Generation = generation;
    }

    /// <summary>Entries below <see cref="Published"/> never change; the writer fills the rest.</summary>
    private sealed class State(int[] rows, ulong[] times, int count, int generation)
    {
        private int _count = count;

        public readonly int[] Rows = rows;
        public readonly ulong[] Times = times;
        public readonly int Generation = generation;

        public int Published => Volatile.Read(ref _count);

        public void Publish(int count) => Volatile.Write(ref _count, count);

        public State Grown(int filled, int published)
        {
            var size = Math.Max(16, checked(Rows.Length * 2));
            var rows = new int[size];
            var times = new ulong[size];
            Rows.AsSpan(0, filled).CopyTo(rows);
            Times.AsSpan(0, filled).CopyTo(times);
            return new State(rows, times, published, Generation);
        }

        /// <summary>How many entries are at or before a timestamp.</summary>
        public int Prefix(Timestamp at)
        {
            int low = 0, high = Published;
            if (high == 0 || Times[high - 1] <= at.Value) return high;
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (Times[middle] <= at.Value) low = middle + 1;
                else high = middle;
            }
            return low;
        }
    }
}
