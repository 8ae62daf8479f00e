namespace Milvus.Vectors;

/// <summary>The rows a search has met: a hash table whose size follows the search, not the index. Reused from search to search.</summary>
internal sealed class MetRows
{
    private int[] _slots = new int[1024];
    private int _mask = 1023;
    private int _count;

    /// <summary>Empties it and makes room for about so many rows.</summary>
    public void Begin(int expected)
    {
        int size = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(2L * expected, 1024, 1 << 26));
        if (_slots.Length < size)
            _slots = new int[size];
        _slots.AsSpan(0, size).Clear();
        _mask = size - 1;
        _count = 0;
    }

    /// <returns>False when it was there.</returns>
    public bool Add(int row)
    {
        int key = row + 1, slot = Hash(row) & _mask;
        while (_slots[slot] != 0)
        {
            if (_slots[slot] == key)
                return false;
            slot = (slot + 1) & _mask;
        }

        _slots[slot] = key;
        if (2 * ++_count > _mask)
            Grow();
        return true;
    }

    private static int Hash(int row) => (int)(((uint)row * 0x9E37_79B9u) >> 6);

    private void Grow()
    {
        int[] old = _slots[..(_mask + 1)];
        _mask = (2 * _mask) + 1;
        if (_slots.Length <= _mask)
            _slots = new int[_mask + 1];
        else
            _slots.AsSpan(0, _mask + 1).Clear();
        foreach (int key in old)
        {
            if (key == 0)
                continue;
            int slot = Hash(key - 1) & _mask;
            while (_slots[slot] != 0)
                slot = (slot + 1) & _mask;
            _slots[slot] = key;
        }
    }
}
