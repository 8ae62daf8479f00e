using System.Text;

namespace Milvus.Text.Analyzers;

/// <summary>An immutable set of terms in UTF-8; each has a number, so that arrays can carry what belongs to a term.</summary>
internal sealed class TermSet
{
    // Open addressing with linear probing at most half full; a slot holds the term's number + 1, 0 is empty.
    private readonly int[] _slots;
    private readonly byte[][] _terms;

    public TermSet(IEnumerable<string> terms)
    {
        _terms = terms.Distinct(StringComparer.Ordinal).Select(Encoding.UTF8.GetBytes).ToArray();
        _slots = new int[Math.Max(4, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)_terms.Length * 2 + 1))];
        for (int i = 0; i < _terms.Length; i++)
        {
            int slot = (int)Mix(_terms[i]) & (_slots.Length - 1);
            while (_slots[slot] != 0)
                slot = (slot + 1) & (_slots.Length - 1);
            _slots[slot] = i + 1;
        }
    }

    public int Count => _terms.Length;

    public ReadOnlySpan<byte> this[int number] => _terms[number];

    /// <returns>The number of the term, or −1.</returns>
    public int Find(ReadOnlySpan<byte> term)
    {
        int slot = (int)Mix(term) & (_slots.Length - 1);
        for (int entry; (entry = _slots[slot]) != 0; slot = (slot + 1) & (_slots.Length - 1))
        {
            if (term.SequenceEqual(_terms[entry - 1]))
                return entry - 1;
        }
        return -1;
    }

    public bool Contains(ReadOnlySpan<byte> term) => Find(term) >= 0;

    // FNV-1a: terms are short and come from the schema or one query, so no protection against chosen collisions is needed.
    private static uint Mix(ReadOnlySpan<byte> term)
    {
        uint hash = 2166136261;
        foreach (byte b in term)
            hash = (hash ^ b) * 16777619;
        return hash ^ (hash >> 15);
    }
}
