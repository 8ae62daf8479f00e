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

    /// <summary>Bytes of the text in UTF-8, as Milvus counts characters here.</summary>
    Character,
}

/// <summary>What shingles are hashed by.</summary>
public enum ShingleHash
{
    /// <summary>The lower 32 bits of <see cref="XxHash3"/>; named xxhash64 in schemas.</summary>
    XxHash64,

    /// <summary>The first 32 bits of SHA-1, little-endian.</summary>
    Sha1,
}

/// <summary>
/// Turns a text into a MinHash signature (Broder 1997): of every one of many hash functions the smallest value over all runs of neighbouring units. The share
/// of equal values in two signatures estimates how alike the sets of runs are (their Jaccard index). A signature is a binary vector of one little-endian
/// 32-bit value per hash function; without any unit all bits are ones. Equal to Milvus' bit for bit, so that signatures made elsewhere can be searched for:
/// that is why products wrap at 64 bits and units of a run stand without a mark between them. Thread-safe.
/// </summary>
public sealed class MinHashFunction
{
    /// <summary>A Mersenne prime: cheap to reduce by.</summary>
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
        var random = new MersenneTwister((ulong)seed);
        for (var i = 0; i < hashes; i++)
        {
            _factors[i] = 1 + (random.Next() % (Prime - 1));
            _terms[i] = random.Next() % Prime;
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
        var words = _unit == ShingleUnit.Word ? new WordSink() : null;
        if (words is not null) _analyzer.Analyze(utf8, words);
        var count = words?.Count ?? utf8.Length;
        // A text shorter than a run is one run.
        var units = Math.Min(_shingleSize, count);
        for (var first = 0; units > 0 && first + units <= count; first++)
        {
            var value = Hash(words is null ? utf8.Slice(first, units) : words.Run(first, units));
            for (var i = 0; i < smallest.Length; i++)
            {
                var mixed = (uint)Reduce((_factors[i] * value) + _terms[i]);
                if (mixed < smallest[i]) smallest[i] = mixed;
            }
        }
        for (var i = 0; i < smallest.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(signature[(i * sizeof(uint))..], smallest[i]);
    }

    private uint Hash(ReadOnlySpan<byte> run)
    {
        if (_hash == ShingleHash.XxHash64) return (uint)XxHash3.Hash(run);
        Span<byte> digest = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(run, digest);
        return BinaryPrimitives.ReadUInt32LittleEndian(digest);
    }

    private static ulong Reduce(ulong value)
    {
        // 2^61 ≡ 1, so the parts above and below bit 61 add up.
        var sum = (value & Prime) + (value >> 61);
        return sum >= Prime ? sum - Prime : sum;
    }

    /// <summary>The words of a text one behind the other.</summary>
    private sealed class WordSink : TokenSink
    {
        private readonly List<int> _starts = [];
        private byte[] _bytes = new byte[256];
        private int _length;

        public int Count => _starts.Count;

        public override bool Accept(scoped in AnalyzedToken token)
        {
            var word = token.Text;
            if (_length + word.Length > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + word.Length));
            _starts.Add(_length);
            word.CopyTo(_bytes.AsSpan(_length));
            _length += word.Length;
            return true;
        }

        public ReadOnlySpan<byte> Run(int first, int words)
        {
            var end = first + words < _starts.Count ? _starts[first + words] : _length;
            return _bytes.AsSpan(_starts[first], end - _starts[first]);
        }
    }
}
