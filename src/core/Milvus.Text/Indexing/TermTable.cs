namespace Milvus.Text.Indexing;

/// <summary>Numbers terms in order of first appearance. Grows; single-threaded.</summary>
internal sealed class TermTable
{
    private byte[] _bytes = new byte[1024];
    private int[] _ends = new int[64];
    private uint[] _hashes = new uint[64];
    private int[] _slots = new int[128]; // number + 1; 0 is empty; at most half full

    public int Count { get; private set; }

    public ReadOnlySpan<byte> this[int number] => _bytes.AsSpan(Start(number), _ends[number] - Start(number));

    /// <summary>Bytes of all terms together.</summary>
    public int ByteCount => Count == 0 ? 0 : _ends[Count - 1];

    /// <returns>The term's number; <see cref="Count"/> − 1 when it is new.</returns>
    public int Add(ReadOnlySpan<byte> term)
    {
        uint hash = Hash(term);
        int mask = _slots.Length - 1;
        int slot = (int)hash & mask;
        for (int entry; (entry = _slots[slot]) != 0; slot = (slot + 1) & mask)
        {
            if (_hashes[entry - 1] == hash && this[entry - 1].SequenceEqual(term))
                return entry - 1;
        }
        _slots[slot] = Append(term, hash) + 1;
        if (Count * 2 > _slots.Length)
            Rehash();
        return Count - 1;
    }

    private int Append(ReadOnlySpan<byte> term, uint hash)
    {
        if (Count == _ends.Length)
        {
            Array.Resize(ref _ends, Count * 2);
            Array.Resize(ref _hashes, Count * 2);
        }
        int start = ByteCount;
        if (_bytes.Length - start < term.Length)
            Array.Resize(ref _bytes, checked(Math.Max(start + term.Length, (int)Math.Min(Array.MaxLength, 2L * _bytes.Length))));
        term.CopyTo(_bytes.AsSpan(start));
        _ends[Count] = start + term.Length;
        _hashes[Count] = hash;
        return Count++;
    }

    private void Rehash()
    {
        _slots = new int[_slots.Length * 2];
        int mask = _slots.Length - 1;
        for (int number = 0; number < Count; number++)
        {
            int slot = (int)_hashes[number] & mask;
            while (_slots[slot] != 0)
                slot = (slot + 1) & mask;
            _slots[slot] = number + 1;
        }
    }

    private int Start(int number) => number == 0 ? 0 : _ends[number - 1];

    // Stored text may be chosen by an adversary: a seeded hash keeps probe sequences short.
    private static uint Hash(ReadOnlySpan<byte> term)
    {
        var hash = new HashCode();
        hash.AddBytes(term);
        return (uint)hash.ToHashCode();
    }
}
