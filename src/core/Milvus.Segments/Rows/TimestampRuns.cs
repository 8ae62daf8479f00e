using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// The insert timestamp of every row, kept as runs of equal timestamps: 12 bytes per run, so at most 12 per row and next to nothing for
/// rows that came in large batches. Append-only with one writer; readers see the runs published when they ask.
/// </summary>
internal sealed class TimestampRuns
{
    private State _state = new([], [], 0, ascending: true);

    public int RowCount => Volatile.Read(ref _state).RowCount;

    public Timestamp Min => new(Volatile.Read(ref _state).Min);

    public Timestamp Max => new(Volatile.Read(ref _state).Max);

    public long MemoryBytes
    {
        get
        {
            var s = Volatile.Read(ref _state);
            return (s.Ends.LongLength * sizeof(int)) + (s.Times.LongLength * sizeof(ulong));
        }
    }

    /// <summary>Adds rows that were inserted at <paramref name="at"/>. Single writer.</summary>
    public void Append(Timestamp at, int rows)
    {
        if (rows == 0) return;
        var s = _state;
        var end = checked(s.RowCount + rows);
        var ascending = s.Ascending && (s.Runs == 0 || s.Times[s.Runs - 1] <= at.Value);
        var min = s.Runs == 0 ? at.Value : Math.Min(s.Min, at.Value);
        var max = Math.Max(s.Max, at.Value);
        if (s.Runs > 0 && s.Times[s.Runs - 1] == at.Value)
        {
            // A reader of the old state uses its own row count, so the longer run does not disturb it.
            s.Ends[s.Runs - 1] = end;
            Volatile.Write(ref _state, new State(s.Ends, s.Times, s.Runs, ascending, end, min, max));
            return;
        }
        var (ends, times) = (s.Ends, s.Times);
        if (s.Runs == ends.Length)
        {
            var size = Math.Max(8, checked(s.Runs + (s.Runs >> 1) + 1));
            Array.Resize(ref ends, size);
            Array.Resize(ref times, size);
        }
        ends[s.Runs] = end;
        times[s.Runs] = at.Value;
        Volatile.Write(ref _state, new State(ends, times, s.Runs + 1, ascending, end, min, max));
    }

    /// <summary>Gives unused room back; after the last append.</summary>
    public void Trim()
    {
        var s = _state;
        if (s.Ends.Length == s.Runs) return;
        Volatile.Write(ref _state, new State(s.Ends[..s.Runs], s.Times[..s.Runs], s.Runs, s.Ascending, s.RowCount, s.Min, s.Max));
    }

    public Timestamp this[int row] => Volatile.Read(ref _state)[row];

    /// <summary>Copies the timestamps of rows <paramref name="start"/> … as raw values.</summary>
    public void CopyTo(int start, Span<ulong> destination) => Volatile.Read(ref _state).CopyTo(start, destination);

    /// <summary>
    /// True when the rows inserted at or before <paramref name="at"/> are the first <paramref name="count"/> ones: then no bits are needed.
    /// </summary>
    public bool TryPrefix(Timestamp at, out int count)
    {
        var s = Volatile.Read(ref _state);
        count = s.RowCount;
        if (s.Max <= at.Value) return true;
        if (!s.Ascending) return false;
        count = s.Prefix(at.Value);
        return true;
    }

    /// <summary>Clears the bits of rows below <paramref name="rowCount"/> that were inserted before <paramref name="from"/> or after <paramref name="to"/>.</summary>
    public void ClearOutside(Timestamp from, Timestamp to, int rowCount, Span<ulong> words)
    {
        var s = Volatile.Read(ref _state);
        var start = 0;
        for (var run = 0; run < s.Runs && start < rowCount; run++)
        {
            var end = Math.Min(s.Ends[run], rowCount);
            if (s.Times[run] < from.Value || s.Times[run] > to.Value) RowBits.ClearRange(words, start, end);
            start = end;
        }
    }

    /// <summary>Rows inserted in [<paramref name="from"/>, <paramref name="to"/>].</summary>
    public int CountBetween(Timestamp from, Timestamp to)
    {
        var s = Volatile.Read(ref _state);
        int count = 0, start = 0;
        for (var run = 0; run < s.Runs; run++)
        {
            var end = Math.Min(s.Ends[run], s.RowCount);
            if (s.Times[run] >= from.Value && s.Times[run] <= to.Value) count += end - start;
            start = end;
        }
        return count;
    }

    private sealed class State(int[] ends, ulong[] times, int runs, bool ascending, int rowCount = 0, ulong min = 0, ulong max = 0)
    {
        public readonly int[] Ends = ends;
        public readonly ulong[] Times = times;
        public readonly int Runs = runs;
        public readonly bool Ascending = ascending;
        public readonly int RowCount = rowCount;
        public readonly ulong Min = min;
        public readonly ulong Max = max;

        public Timestamp this[int row] => new(Times[RunOf(row)]);

        public void CopyTo(int start, Span<ulong> destination)
        {
            if (destination.IsEmpty) return;
            var run = RunOf(start);
            var row = start;
            var stop = start + destination.Length;
            while (row < stop)
            {
                var end = Math.Min(run == Runs - 1 ? RowCount : Ends[run], stop);
                destination[(row - start)..(end - start)].Fill(Times[run]);
                row = end;
                run++;
            }
        }

        public int Prefix(ulong at)
        {
            int low = 0, high = Runs;
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (Times[middle] <= at) low = middle + 1;
                else high = middle;
            }
            return low == 0 ? 0 : low == Runs ? RowCount : Ends[low - 1];
        }

        private int RunOf(int row)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)RowCount, nameof(row));
            int low = 0, high = Runs - 1;
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (Ends[middle] <= row) low = middle + 1;
                else high = middle;
            }
            return low;
        }
    }
}
