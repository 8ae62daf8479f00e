using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Storage.Numpy;

/// <summary>
/// The rows of one .npy file, read a buffer at a time: numbers, booleans and text of fixed width, with one value or one vector per row.
/// See numpy.org, "numpy.lib.format".
/// </summary>
public sealed partial class NpyColumn : IAsyncDisposable
{
    private const int BufferBytes = 256 << 10;
    private const int MaxHeaderBytes = 1 << 20;

    private readonly Stream _stream;
    private readonly char _kind;
    private readonly int _size;
    private readonly int _width;
    private readonly bool _isVector;
    private readonly byte[] _buffer;
    private int _start;
    private int _end;

    private NpyColumn(Stream stream, char kind, int size, long rows, int width, bool isVector)
    {
        _stream = stream;
        _kind = kind;
        _size = size;
        _width = width;
        _isVector = isVector;
        RowCount = rows;
        _buffer = new byte[Math.Max(1, BufferBytes / Math.Max(1, RowBytes)) * Math.Max(1, RowBytes)];
    }

    public long RowCount { get; }

    private int RowBytes => _size * _width;

    /// <exception cref="InvalidDataException">Not a .npy file of a kind that rows can be made of.</exception>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    public static async Task<NpyColumn> OpenAsync(IObjectStore store, string key, CancellationToken cancellation = default)
    {
        var stream = await store.OpenReadAsync(key, cancellationToken: cancellation).ConfigureAwait(false);
        try
        {
            return await OpenAsync(stream, cancellation).ConfigureAwait(false);
        }
        catch (EndOfStreamException e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw new InvalidDataException("the NumPy file ends within its header", e);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes the next row the current one.</summary>
    /// <exception cref="InvalidDataException">The file ends before its last row.</exception>
    public async ValueTask NextAsync(CancellationToken cancellation)
    {
        _start += RowBytes;
        if (_end - _start >= RowBytes) return;
        _start = 0;
        _end = await _stream.ReadAtLeastAsync(_buffer, RowBytes, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
        if (_end < RowBytes) throw new InvalidDataException("the NumPy file has fewer rows than its header says");
        // What is behind the last whole row is put at the front at the next turn.
        var rest = RowBytes == 0 ? 0 : _end % RowBytes;
        if (rest == 0) return;
        await _stream.ReadAtLeastAsync(_buffer.AsMemory(_end, RowBytes - rest), RowBytes - rest, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
        _end += RowBytes - rest;
    }

    /// <summary>Writes the current row; vectors that are given as bytes, and half-precision ones, as base64.</summary>
    /// <exception cref="InvalidDataException">A value cannot be written, such as one that is not a number.</exception>
    public void Write(Utf8JsonWriter json, FieldSchema? field)
    {
        var row = _buffer.AsSpan(_start, RowBytes);
        try
        {
            if (!_isVector) WriteValue(json, row, field);
            else if (field?.Type is DataType.Float16Vector or DataType.BFloat16Vector or DataType.BinaryVector && (_size == 1 || (_kind == 'f' && _size == 2 && field.Type == DataType.Float16Vector)))
                json.WriteBase64StringValue(row);
            else
            {
                json.WriteStartArray();
                for (var i = 0; i < _width; i++) WriteValue(json, row.Slice(i * _size, _size), null);
                json.WriteEndArray();
            }
        }
        catch (Exception e) when (e is ArgumentException or JsonException)
        {
            throw new InvalidDataException($"a value of the NumPy file cannot be read: {e.Message}", e);
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private void WriteValue(Utf8JsonWriter json, ReadOnlySpan<byte> value, FieldSchema? field)
    {
        switch (_kind, _size)
        {
            case ('b', 1): json.WriteBooleanValue(value[0] != 0); break;
            case ('i', 1): json.WriteNumberValue((sbyte)value[0]); break;
            case ('i', 2): json.WriteNumberValue(BinaryPrimitives.ReadInt16LittleEndian(value)); break;
            case ('i', 4): json.WriteNumberValue(BinaryPrimitives.ReadInt32LittleEndian(value)); break;
            case ('i', 8): json.WriteNumberValue(BinaryPrimitives.ReadInt64LittleEndian(value)); break;
            case ('u', 1): json.WriteNumberValue(value[0]); break;
            case ('u', 2): json.WriteNumberValue(BinaryPrimitives.ReadUInt16LittleEndian(value)); break;
            case ('u', 4): json.WriteNumberValue(BinaryPrimitives.ReadUInt32LittleEndian(value)); break;
            case ('u', 8): json.WriteNumberValue(BinaryPrimitives.ReadUInt64LittleEndian(value)); break;
            case ('f', 2): json.WriteNumberValue((float)BinaryPrimitives.ReadHalfLittleEndian(value)); break;
            case ('f', 4): json.WriteNumberValue(BinaryPrimitives.ReadSingleLittleEndian(value)); break;
            case ('f', 8): json.WriteNumberValue(BinaryPrimitives.ReadDoubleLittleEndian(value)); break;
            case ('U', _): WriteText(json, Encoding.UTF32.GetString(value), field); break;
            default: WriteText(json, Encoding.UTF8.GetString(value), field); break;
        }
    }

    // Padded with zeros to the width of the column.
    private static void WriteText(Utf8JsonWriter json, string padded, FieldSchema? field)
    {
        var text = padded.TrimEnd('\0');
        if (field?.Type == DataType.SparseFloatVector) json.WriteRawValue(text);
        else json.WriteStringValue(text);
    }

    private static async Task<NpyColumn> OpenAsync(Stream stream, CancellationToken cancellation)
    {
        var head = new byte[10];
        await stream.ReadExactlyAsync(head, cancellation).ConfigureAwait(false);
        if (head[0] != 0x93 || !head.AsSpan(1, 5).SequenceEqual("NUMPY"u8)) throw new InvalidDataException("the file is not a NumPy file");
        int length = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(8));
        if (head[6] > 1)
        {
            var more = new byte[2];
            await stream.ReadExactlyAsync(more, cancellation).ConfigureAwait(false);
            length |= BinaryPrimitives.ReadUInt16LittleEndian(more) << 16;
        }
        if (length is < 0 or > MaxHeaderBytes) throw new InvalidDataException("the header of the NumPy file is too long");
        var text = new byte[length];
        await stream.ReadExactlyAsync(text, cancellation).ConfigureAwait(false);
        return Parse(stream, Encoding.UTF8.GetString(text));
    }

    private static NpyColumn Parse(Stream stream, string header)
    {
        var type = Description().Match(header);
        var shape = Shape().Match(header);
        if (!type.Success || !shape.Success) throw new InvalidDataException($"the header of the NumPy file is not understood: {header.Trim()}");
        var (order, kind) = (type.Groups[1].Value, type.Groups[2].Value[0]);
        if (!int.TryParse(type.Groups[3].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size > 1 << 24) throw Unsupported();
        if (kind is not ('b' or 'i' or 'u' or 'f' or 'U' or 'S') || (kind is 'b' or 'i' or 'u' or 'f' && size is not (1 or 2 or 4 or 8))) throw Unsupported();
        if (kind == 'U') size *= 4;
        if (order == ">" && size > 1) throw Unsupported();
        long[] extents = [.. shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(n => long.TryParse(n, CultureInfo.InvariantCulture, out var v) ? v : -1)];
        if (extents.Length is not (1 or 2) || extents.Any(e => e < 0) || (extents.Length == 2 && extents[1] > int.MaxValue / Math.Max(1, size))) throw new InvalidDataException($"rows cannot be made of a NumPy array of shape ({shape.Groups[1].Value})");
        if (extents.Length == 2 && header.Contains("'fortran_order': True", StringComparison.Ordinal)) throw new InvalidDataException("NumPy arrays in Fortran order are not supported");
        return new NpyColumn(stream, kind, size, extents[0], extents.Length == 2 ? (int)extents[1] : 1, extents.Length == 2);

        InvalidDataException Unsupported() => new($"NumPy values of type '{type.Value}' are not supported");
    }

    [GeneratedRegex("""'descr':\s*'([<>|=]?)([A-Za-z])([0-9]*)'""")]
    private static partial Regex Description();

    [GeneratedRegex("""'shape':\s*\(([^)]*)\)""")]
    private static partial Regex Shape();
}
