using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// Queries in the form the kernels want, converted once per search: float32 for all floating fields, the row's own form for Int8 and
/// binary fields, with 1 / |query| for the cosine metric. Reused from search to search; not thread-safe.
/// </summary>
internal sealed unsafe class PreparedQueries
{
    private PinnedBuffer _buffer = new(0);
    private float[] _scales = [];
    private int _stride;

    public int Count { get; private set; }

    /// <summary>Takes <paramref name="count"/> queries laid out one behind the other.</summary>
    /// <exception cref="ArgumentException">Type or length does not fit.</exception>
    public void Set(VectorStore store, MetricType metric, ReadOnlySpan<byte> queries, DataType queryType, int count)
    {
        bool converts = FloatDecoder.IsNeededFor(store.Type);
        if (queryType != store.Type && !(converts && queryType == DataType.FloatVector))
            throw new ArgumentException($"a {store.Type} field is not searched by a {queryType}", nameof(queryType));
        int bytes = queryType.VectorBytes(store.Dimension);
        if (queries.Length != (long)bytes * count)
            throw new ArgumentException($"{queries.Length} bytes are not {count} vectors of {bytes} bytes", nameof(queries));

        DataType form = converts ? DataType.FloatVector : store.Type;
        int formBytes = form.VectorBytes(store.Dimension);
        _stride = (formBytes + 63) & ~63;
        if (_buffer.Length < (long)_stride * count)
            _buffer = new PinnedBuffer((long)_stride * count);
        if (_scales.Length < count)
            _scales = new float[count];
        Count = count;

        InverseNorm? norm = metric == MetricType.Cosine ? store.QueryNorm : null;
        fixed (byte* source = &MemoryMarshal.GetReference(queries))
        {
            for (int i = 0; i < count; i++)
            {
                byte* target = Pointer(i);
                byte* query = source + ((nint)i * bytes);
                if (queryType == form)
                    new ReadOnlySpan<byte>(query, bytes).CopyTo(new Span<byte>(target, bytes));
                else
                    FloatDecoder.Decode(queryType, query, (float*)target, store.Dimension);
                _scales[i] = norm?.Of(target, target) ?? 1f;
            }
        }
    }

    /// <summary>From one prepared query to the next.</summary>
    public int StrideBytes => _stride;

    public byte* Pointer(int query) => _buffer.Pointer + ((nint)query * _stride);

    /// <summary>1 / |query| for the cosine metric, else 1.</summary>
    public float Scale(int query) => _scales[query];
}
