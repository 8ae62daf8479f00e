using System.Runtime.CompilerServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Rows of a dense store other than binary as float32, of length one when asked for: what clustering and quantisers read.</summary>
internal readonly unsafe struct FloatRows
{
    private readonly VectorStore _store;
    private readonly RowReader _rows;
    private readonly bool _normalises;

    /// <param name="normalises">Divides each row by its norm; zero rows stay zero.</param>
    /// <exception cref="ArgumentException">The store holds bits.</exception>
    public FloatRows(VectorStore store, bool normalises)
    {
        if (store.Type == DataType.BinaryVector)
            throw new ArgumentException("binary vectors are not read as numbers", nameof(store));
        _store = store;
        _rows = store.Rows;
        _normalises = normalises;
    }

    public int Count => _store.Count;

    public int Dimension => _store.Dimension;

    /// <summary>Writes <see cref="Dimension"/> numbers.</summary>
    public void Read(int row, float* target)
    {
        Decode(_store.Type, _rows.Pointer(row), target, _store.Dimension);
        if (_normalises)
            Normalise(target, _store.Dimension);
        GC.KeepAlive(_store);
    }

    /// <summary>Converts components of any numeric vector type.</summary>
    public static void Decode(DataType type, byte* source, float* target, int count)
    {
        switch (type)
        {
            case DataType.FloatVector:
                new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(target, count));
                break;
            case DataType.Int8Vector:
                for (int i = 0; i < count; i++)
                    target[i] = ((sbyte*)source)[i];
                break;
            default:
                FloatDecoder.Decode(type, source, target, count);
                break;
        }
    }

    /// <summary>Divides by the norm; zero stays zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalise(float* vector, int count)
    {
        double squared = 0;
        for (int i = 0; i < count; i++)
            squared += (double)vector[i] * vector[i];
        if (squared == 0)
            return;
        double inverse = 1 / Math.Sqrt(squared);
        for (int i = 0; i < count; i++)
            vector[i] = (float)(vector[i] * inverse);
    }
}
