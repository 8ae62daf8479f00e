namespace Milvus.Text.Analyzers;

/// <summary>
/// The number a term stands under in a BM25 sparse vector: CRC-32 (IEEE 802.3, reflected) of the first 100 bytes of its UTF-8, modulo
/// 2³² − 1. It is the value that Milvus' RunAnalyzer shows, so clients may build query vectors from it, and it stays below the largest
/// sparse index allowed. Persisted in segments: frozen.
/// </summary>
public static class TermHash
{
    private const int MaxHashedBytes = 100;
    private static readonly uint[] s_table = BuildTable();

    public static uint Of(ReadOnlySpan<byte> term)
    {
        if (term.Length > MaxHashedBytes)
            term = term[..MaxHashedBytes];
        uint[] table = s_table;
        uint crc = uint.MaxValue;
        foreach (byte b in term)
            crc = table[(byte)(crc ^ b)] ^ (crc >> 8);
        crc = ~crc;
        return crc == uint.MaxValue ? 0 : crc;
    }

    private static uint[] BuildTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
                value = (value & 1) != 0 ? (value >> 1) ^ 0xEDB88320u : value >> 1;
            table[i] = value;
        }
        return table;
    }
}
