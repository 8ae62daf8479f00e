using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Which rows each list holds. All lists lie one behind the other, each in row order; the position of a row in this sequence is its
/// place, and codes are laid out by place.
/// </summary>
internal sealed unsafe class IvfLists
{
    private readonly int[] _starts;
    private readonly PinnedBuffer _rows;

    private IvfLists(int[] starts, PinnedBuffer rows)
    {
        _starts = starts;
        _rows = rows;
    }

    public int Count => _starts.Length - 1;

    public int RowCount => _starts[^1];

    /// <summary>The row in each place.</summary>
    public int* Rows => (int*)_rows.Pointer;

    public long MemoryBytes => _rows.MemoryBytes + ((long)_starts.Length * sizeof(int));

    public long PayloadBytes => ((long)Count + RowCount) * sizeof(int);

    public int Start(int list) => _starts[list];

    public int Size(int list) => _starts[list + 1] - _starts[list];

    /// <param name="nearest">The list of every row.</param>
    public static IvfLists Of(ReadOnlySpan<int> nearest, int lists)
    {
        var starts = new int[lists + 1];
        foreach (int list in nearest)
            starts[list + 1]++;
        for (int list = 0; list < lists; list++)
            starts[list + 1] += starts[list];
        var made = new IvfLists(starts, new PinnedBuffer((long)starts[^1] * sizeof(int)));
        int[] next = starts[..^1];
        for (int row = 0; row < nearest.Length; row++)
            made.Rows[next[nearest[row]]++] = row;
        return made;
    }

    public void Write(PayloadWriter writer)
    {
        var sizes = new int[Count];
        for (int list = 0; list < sizes.Length; list++)
            sizes[list] = Size(list);
        writer.Write(MemoryMarshal.AsBytes(sizes.AsSpan()));
        writer.WritePart(_rows.Span);
        GC.KeepAlive(this);
    }

    /// <exception cref="IntegrityException">The sizes do not add up, or a row is missing.</exception>
    public static IvfLists Read(PayloadReader reader, int lists, int rows, string sourceName)
    {
        var starts = new int[lists + 1];
        reader.Read(MemoryMarshal.AsBytes(starts.AsSpan(1)));
        long sum = 0;
        for (int list = 1; list <= lists; list++)
        {
            if (starts[list] < 0 || (sum += starts[list]) > rows)
                throw Contradiction(sourceName);
            starts[list] = (int)sum;
        }

        if (sum != rows)
            throw Contradiction(sourceName);
        var read = new IvfLists(starts, reader.TakePart((long)rows * sizeof(int)));
        var seen = new ulong[(rows + 63) / 64];
        for (int place = 0; place < rows; place++)
        {
            int row = read.Rows[place];
            if ((uint)row >= (uint)rows || ((seen[row >> 6] >> row) & 1) != 0)
                throw Contradiction(sourceName);
            seen[row >> 6] |= 1UL << row;
        }

        GC.KeepAlive(read);
        return read;
    }

    private static IntegrityException Contradiction(string sourceName) => new(sourceName, "the lists of the vector index do not hold every row once");
}
