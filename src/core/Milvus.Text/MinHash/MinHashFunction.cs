using System.Buffers.Binary;
using System.Security.Cryptography;
using Milvus.Model;
using Milvus.Text.Analyzers;

namespace Milvus.Text.MinHash;

/// <summary>What the shingles of a text are made of.</summary>
public enum ShingleUnit
{
    /// <summary>Tokens of an analyzer.</summary>
    Word,

    /// <summary>Unicode code points.</summary>
    Character,
}

/// <summary>What shingles are hashed by.</summary>
public enum ShingleHash
{
    XxHash64,

    Sha1,
}

/// <summary>
/// Turns a text into a MinHash signature (Broder 1997): of every one of many hash functions the smallest value over all runs of neighbouring units. The share
/// of equal values in two signatures estimates how alike the sets of runs are (their Jaccard index). A signature is a binary vector of one little-endian
/// 32-bit value per hash function; without any unit all bits are ones. Thread-safe.
/// </summary>
public sealed class MinHashFunction
{
    /// <summary>A Mersenne prime: (a·x + b) mod p is a family of pairwise independent functions, cheap to reduce.</summary>
    private const ulong Prime = (1UL << 61) - 1;

    private readonly Analyzer _analyzer;
    private readonly ShingleUnit _unit;
    private readonly ShingleHash _hash;
    private readonly int _shingleSize;
    private readonly ulong[] _factors;
    private readonly ulong[] _terms;

    /// <param name="hashes">Values of a signature.</param>
    /// <param name="shingleSize">Units of a run.</param>
    /// <param name="seed">Equal seeds make equal signatures.</param>
    public MinHashFunction(Analyzer analyzer, int hashes, int shingleSize, ShingleUnit unit, ShingleHash hash, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hashes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(shingleSize, 1);
        _analyzer = analyzer;
        _shingleSize = shingleSize;
        _unit = unit;
        _hash = hash;
        _factors = new ulong[hashes];
        _terms = new ulong[hashes];
        var state = (ulong)seed;
        for (var i = 0; i < hashes; i++)
        {
            _factors[i] = 1 + (Next(ref state) % (Prime - 1));
            _terms[i] = Next(ref state) % Prime;
        }
    }

    /// <summary>Bytes of a signature.</summary>
    public int SignatureBytes => _factors.Length * sizeof(uint);

    /// <summary>The signatures of all texts; null texts have that of an empty one.</summary>
    public VectorColumn Embed(BinaryColumn texts)
    {
        var data = new byte[checked(texts.Count * SignatureBytes)];
        for (var row = 0; row < texts.Count; row++)
            Embed(texts.IsNull(row) ? default : texts[row], data.AsSpan(row * SignatureBytes, SignatureBytes));
        return new VectorColumn(DataType.BinaryVector, SignatureBytes * 8, data);
    }

    public void Embed(ReadOnlySpan<byte> utf8, Span<byte> signature)
    {
        var smallest = new uint[_factors.Length];
        smallest.AsSpan().Fill(uint.MaxValue);
        var units = new UnitSink();
        if (_unit == ShingleUnit.Word) _analyzer.Analyze(utf8, units);
        else
            foreach (var rune in System.Text.Encoding.UTF8.GetString(utf8).EnumerateRunes()) units.Add(rune);
        // A text shorter than a run is one run.
        var runs = units.Count == 0 ? 0 : Math.Max(1, units.Count - _shingleSize + 1);
        for (var first = 0; first < runs; first++)
        {
            var value = Hash(units.Run(first, Math.Min(_shingleSize, units.Count)));
            for (var i = 0; i < smallest.Length; i++)
            {
                var mixed = (uint)MulAddMod(_factors[i], value, _terms[i]);
                if (mixed < smallest[i]) smallest[i] = mixed;
            }
        }
        for (var i = 0; i < smallest.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(signature[(i * sizeof(uint))..], smallest[i]);
    }

    private ulong Hash(ReadOnlySpan<byte> run)
    {
        if (_hash == ShingleHash.XxHash64) return XxHash64.Hash(run) % Prime;
        Span<byte> digest = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(run, digest);
        return BinaryPrimitives.ReadUInt64LittleEndian(digest) % Prime;
    }

    private static ulong MulAddMod(ulong a, ulong x, ulong b)
    {
        var high = Math.BigMul(a, x, out var low);
        // 2^61 ≡ 1, so the parts above and below bit 61 add up.
        var sum = (low & Prime) + ((low >> 61) | (high << 3)) + b;
        sum = (sum & Prime) + (sum >> 61);
        return sum >= Prime ? sum - Prime : sum;
    }

    private static ulong Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15UL;
        var z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>The units of a text one behind the other, each followed by a byte that no text has.</summary>
    private sealed class UnitSink : TokenSink
    {
        private const byte End = 0xFF;
        private readonly List<int> _starts = [];
        private byte[] _bytes = new byte[256];
        private int _length;

        public int Count => _starts.Count;

        public override bool Accept(scoped in AnalyzedToken token)
        {
            Append(token.Text);
            return true;
        }

        public void Add(System.Text.Rune rune)
        {
            Span<byte> utf8 = stackalloc byte[4];
            Append(utf8[..rune.EncodeToUtf8(utf8)]);
        }

        public ReadOnlySpan<byte> Run(int first, int units)
        {
            var end = first + units < _starts.Count ? _starts[first + units] : _length;
            return _bytes.AsSpan(_starts[first], end - _starts[first]);
        }

        private void Append(ReadOnlySpan<byte> unit)
        {
            if (_length + unit.Length + 1 > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + unit.Length + 1));
            _starts.Add(_length);
            unit.CopyTo(_bytes.AsSpan(_length));
            _length += unit.Length;
            _bytes[_length++] = End;
        }
    }
}
