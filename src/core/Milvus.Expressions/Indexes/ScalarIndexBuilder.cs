using System.Text.Json;
using Milvus.Expressions.Geometry;
using Milvus.Expressions.Indexes.Keys;
using Milvus.Expressions.Json;
using Milvus.Model;

namespace Milvus.Expressions.Indexes;

/// <summary>Builds scalar indexes. Takes the column's blocks in order, then <see cref="Build"/>; equal input gives an equal index.</summary>
public sealed class ScalarIndexBuilder
{
    private readonly ScalarIndexSpec _spec;
    private readonly KeyCollector _keys = new();
    private readonly GramCollector? _grams;
    private readonly List<(int Row, GeometryBox Box)>? _boxes;
    private readonly JsonPath? _path;
    private readonly List<ulong> _known = [];
    private bool _ofElements;
    private bool _isRounded;
    private bool _hasUnknown;
    private int _rows;

    public ScalarIndexBuilder(ScalarIndexSpec spec)
    {
        _spec = spec;
        if (spec.Kind == ScalarIndexKind.Ngram) _grams = new GramCollector(spec.MinGram, spec.MaxGram);
        if (spec.Kind == ScalarIndexKind.RTree) _boxes = [];
        if (!spec.Path.IsDefaultOrEmpty) _path = new JsonPath(spec.Path);
    }

    /// <summary>The next rows.</summary>
    /// <exception cref="ArgumentException">The index does not fit the column's type.</exception>
    public void Add(Column block)
    {
        _known.AddRange(new ulong[Validity.WordCount(_rows + block.Count) - _known.Count]);
        if (block is BinaryColumn { Type: DataType.Json } json) AddDocuments(json);
        else if (_boxes is not null) AddBoxes(Expect<BinaryColumn>(block));
        else if (_grams is not null) AddGrams(Expect<BinaryColumn>(block));
        else if (block is ArrayColumn array) AddElements(array);
        else AddValues(block);
        _rows += block.Count;
    }

    public ScalarIndex Build()
    {
        var known = _hasUnknown ? _known.ToArray() : null;
        if (_boxes is not null) return RTreeIndex.Build(_spec, _rows, known, _boxes);
        if (_grams is not null)
        {
            var (grams, lists) = _grams.Build(_rows);
            return new NgramIndex(_spec, _rows, known, grams, lists);
        }
        var spec = _spec.BitmapLimit > 0 && _keys.CountDistinct(_spec.BitmapLimit) <= _spec.BitmapLimit ? _spec with { Kind = ScalarIndexKind.Bitmap } : _spec;
        if (spec.Kind == ScalarIndexKind.Document) return _keys.BuildDocument(spec, _rows, _isRounded);
        return _keys.BuildKeyed(spec, _rows, known, _ofElements, _isRounded);
    }

    private static T Expect<T>(Column block)
        where T : Column => block as T ?? throw new ArgumentException($"the index does not fit a column of {block.Type}");

    private void Know(int row) => _known[row >> 6] |= 1UL << (row & 63);

    private void AddValues(Column block)
    {
        switch (block)
        {
            case FixedColumn<bool> c: AddFixed(c, static v => v ? 1 : 0); break;
            case FixedColumn<sbyte> c: AddFixed(c, static v => v); break;
            case FixedColumn<short> c: AddFixed(c, static v => v); break;
            case FixedColumn<int> c: AddFixed(c, static v => v); break;
            case FixedColumn<long> c: AddFixed(c, static v => v); break;
            case FixedColumn<float> c: AddReal(c, static v => v); break;
            case FixedColumn<double> c: AddReal(c, static v => v); break;
            case BinaryColumn { Type: DataType.VarChar or DataType.String } c:
                for (var i = 0; i < c.Count; i++)
                    if (Present(c, i)) _keys.Add(c.GetMemory(i), _rows + i);
                break;
            default: throw new ArgumentException($"no scalar index on a column of {block.Type}");
        }
    }

    /// <summary>Marks the row as known or not.</summary>
    private bool Present(Column block, int i)
    {
        if (block.IsNull(i))
        {
            _hasUnknown = true;
            return false;
        }
        Know(_rows + i);
        return true;
    }

    private void AddFixed<T>(FixedColumn<T> block, Func<T, long> key)
        where T : unmanaged
    {
        var values = block.Values;
        for (var i = 0; i < values.Length; i++)
            if (Present(block, i)) _keys.Add(key(values[i]), _rows + i);
    }

    /// <summary>NaN is known to equal nothing and to lie in no interval: it has no key.</summary>
    private void AddReal<T>(FixedColumn<T> block, Func<T, double> key)
        where T : unmanaged
    {
        _keys.UseNumbers();
        var values = block.Values;
        for (var i = 0; i < values.Length; i++)
            if (Present(block, i) && key(values[i]) is var v && !double.IsNaN(v)) _keys.Add(OrderedDouble.Of(v), _rows + i);
    }

    private void AddElements(ArrayColumn block)
    {
        _ofElements = true;
        var offsets = block.Offsets;
        for (var i = 0; i < block.Count; i++)
        {
            if (!Present(block, i)) continue;
            for (var e = offsets[i]; e < offsets[i + 1]; e++) AddElement(block.Elements, e, _rows + i);
        }
        if (block.Elements is not BinaryColumn) _keys.UseNumbers();
    }

    private void AddElement(Column elements, int e, int row)
    {
        switch (elements)
        {
            case FixedColumn<bool> c: _keys.Add(c.Values[e] ? 1 : 0, row); break;
            case FixedColumn<sbyte> c: _keys.Add(c.Values[e], row); break;
            case FixedColumn<short> c: _keys.Add(c.Values[e], row); break;
            case FixedColumn<int> c: _keys.Add(c.Values[e], row); break;
            case FixedColumn<long> c: _keys.Add(c.Values[e], row); break;
            case FixedColumn<float> c when !float.IsNaN(c.Values[e]): _keys.Add(OrderedDouble.Of(c.Values[e]), row); break;
            case FixedColumn<double> c when !double.IsNaN(c.Values[e]): _keys.Add(OrderedDouble.Of(c.Values[e]), row); break;
            case FixedColumn<float> or FixedColumn<double>: break;
            case BinaryColumn c: _keys.Add(c.GetMemory(e), row); break;
            default: throw new ArgumentException($"no scalar index on arrays of {elements.Type}");
        }
    }

    private void AddGrams(BinaryColumn block)
    {
        for (var i = 0; i < block.Count; i++)
            if (Present(block, i)) _grams!.Add(block[i], _rows + i);
    }

    private void AddBoxes(BinaryColumn block)
    {
        for (var i = 0; i < block.Count; i++)
            if (Present(block, i) && GeometryBox.TryRead(block[i], out var box) && !box.IsEmpty) _boxes!.Add((_rows + i, box));
    }

    private void AddDocuments(BinaryColumn block)
    {
        _ofElements = _spec.Cast is JsonCast.BoolArray or JsonCast.DoubleArray or JsonCast.TextArray;
        if (_spec.Cast is JsonCast.Bool or JsonCast.Double or JsonCast.BoolArray or JsonCast.DoubleArray) _keys.UseNumbers();
        for (var i = 0; i < block.Count; i++)
        {
            if (!block.IsNull(i) && AddDocument(block[i], _rows + i)) Know(_rows + i);
            else _hasUnknown = true;
        }
    }

    /// <returns>True when the value is of the type that the index casts to.</returns>
    private bool AddDocument(ReadOnlySpan<byte> json, int row)
    {
        var found = _keys.Mark();
        try
        {
            return JsonCursor.TryOpen(json, _path, out var reader) && AddValue(ref reader, row);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What is no JSON has no value for filters either.
            _keys.Reset(found);
            return false;
        }
    }

    private bool AddValue(ref Utf8JsonReader reader, int row)
    {
        switch (_spec.Cast)
        {
            case JsonCast.Document:
                var keys = new List<byte[]>();
                _isRounded |= DocumentIndex.AddKeys(ref reader, keys);
                foreach (var key in keys) _keys.Add(key, row);
                return true;
            case JsonCast.BoolArray or JsonCast.DoubleArray or JsonCast.TextArray:
                if (reader.TokenType != JsonTokenType.StartArray) return false;
                var element = (JsonCast)(_spec.Cast - JsonCast.BoolArray + (int)JsonCast.Bool);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    AddScalar(ref reader, element, row);
                    reader.Skip();
                }
                return true;
            default:
                return AddScalar(ref reader, _spec.Cast, row);
        }
    }

    private bool AddScalar(ref Utf8JsonReader reader, JsonCast cast, int row)
    {
        switch (cast)
        {
            case JsonCast.Bool when reader.TokenType is JsonTokenType.True or JsonTokenType.False:
                _keys.Add(reader.TokenType == JsonTokenType.True ? 1 : 0, row);
                return true;
            case JsonCast.Double when reader.TokenType == JsonTokenType.Number:
                var number = JsonNumber.Read(ref reader);
                _isRounded |= new JsonNumber(number.Double).CompareTo(number) != 0;
                _keys.Add(OrderedDouble.Of(number.Double), row);
                return true;
            case JsonCast.Text when reader.TokenType == JsonTokenType.String:
                var text = System.Text.Encoding.UTF8.GetBytes(reader.GetString()!);
                if (_grams is not null) _grams.Add(text, row);
                else _keys.Add(text, row);
                return true;
            default:
                return false;
        }
    }
}
