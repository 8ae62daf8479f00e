using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Api.Import;

/// <summary>
/// Rows of a CSV file (RFC 4180: quoted cells may hold separators, line ends and doubled quotes) whose first line names the fields. Text is
/// taken as it is, everything else is JSON.
/// </summary>
internal static class CsvRows
{
    /// <exception cref="MilvusException">2100: no header, a row of another length, or a cell that is no value of its field's type.</exception>
    public static async IAsyncEnumerable<JsonElement> ReadAsync(
        Stream content, CollectionSchema schema, ImportOptions options, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var reader = new StreamReader(content, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, bufferSize: 64 * 1024, leaveOpen: true);
        var cells = new CsvCells(reader, options.Separator);
        var header = await cells.NextAsync(cancellation) ?? throw ImportFailures.Of("failed to read csv header, error: EOF");
        CheckHeader(header, schema);
        var buffer = new ArrayBufferWriter<byte>(1024);
        for (var line = 2L; await cells.NextAsync(cancellation) is { } row; line++)
        {
            if (row.Length == 1 && row[0].Length == 0 && header.Length > 1) continue;
            if (row.Length != header.Length) throw ImportFailures.Of("the number of fields in the row is not equal to the header");
            buffer.Clear();
            Write(buffer, header, row, schema, options.NullKey, line);
            yield return JsonElement.Parse(buffer.WrittenSpan);
        }
    }

    private static void CheckHeader(string[] header, CollectionSchema schema)
    {
        foreach (var field in schema.Fields)
        {
            if (field.IsDynamic || schema.ParentOf(field) is not null || field.IsFunctionOutput || field.Nullable || field.Default is not null || (field.IsPrimaryKey && field.AutoId)) continue;
            if (!header.Contains(field.Name)) throw ImportFailures.Of($"value of field is missed: '{field.Name}'");
        }
    }

    private static void Write(ArrayBufferWriter<byte> buffer, string[] header, string[] row, CollectionSchema schema, string nullKey, long line)
    {
        using var w = new Utf8JsonWriter(buffer);
        w.WriteStartObject();
        for (var i = 0; i < row.Length; i++)
        {
            var field = schema.Find(header[i]);
            var mayBeNull = field is null || field.Nullable || field.Default is not null;
            if (mayBeNull && row[i] == nullKey) continue;
            w.WritePropertyName(header[i]);
            WriteValue(w, field, row[i], line);
        }
        w.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter w, FieldSchema? field, string cell, long line)
    {
        switch (field?.Type)
        {
            case DataType.VarChar or DataType.String or DataType.Text or DataType.Geometry or DataType.Timestamptz:
                w.WriteStringValue(cell);
                return;
            case DataType.Bool when bool.TryParse(cell, out var flag):
                w.WriteBooleanValue(flag);
                return;
        }
        try
        {
            using var value = JsonDocument.Parse(cell);
            value.RootElement.WriteTo(w);
        }
        catch (JsonException)
        {
            // Surplus columns become dynamic values: whatever is not JSON is text.
            if (field is not null) throw ImportFailures.Of($"failed to parse row, error: '{cell}' in line {line} is no value of field '{field.Name}' with type '{field.Type.Spelled()}'");
            w.WriteStringValue(cell);
        }
    }
}

/// <summary>Splits CSV text into records of cells.</summary>
internal sealed class CsvCells(StreamReader reader, char separator)
{
    private readonly char[] _buffer = new char[32 * 1024];
    private readonly List<string> _cells = [];
    private readonly StringBuilder _cell = new();
    private int _position;
    private int _length;

    /// <summary>The cells of the next record; null at the end.</summary>
    /// <exception cref="MilvusException">2100: a quote is never closed.</exception>
    public async ValueTask<string[]?> NextAsync(CancellationToken cancellation)
    {
        _cells.Clear();
        _cell.Clear();
        var any = false;
        var isQuoted = false;
        while (true)
        {
            if (_position == _length)
            {
                _length = await reader.ReadAsync(_buffer.AsMemory(), cancellation);
                _position = 0;
                if (_length == 0)
                {
                    if (isQuoted) throw ImportFailures.Of("failed to parse csv, error: extraneous or missing \" in quoted-field");
                    if (!any) return null;
                    return Finish();
                }
            }
            var c = _buffer[_position++];
            any = true;
            if (isQuoted)
            {
                // A doubled quote is one quote: closing it here and opening it again keeps one.
                if (c == '"') isQuoted = false;
                else _cell.Append(c);
                _wasQuote = c == '"';
                continue;
            }
            if (c == '"' && (_cell.Length == 0 || _wasQuote))
            {
                if (_wasQuote) _cell.Append('"');
                isQuoted = true;
                _wasQuote = false;
                continue;
            }
            _wasQuote = false;
            if (c == separator) EndCell();
            else if (c == '\n') return Finish();
            else if (c != '\r') _cell.Append(c);
        }
    }

    private bool _wasQuote;

    private void EndCell()
    {
        _cells.Add(_cell.ToString());
        _cell.Clear();
    }

    private string[] Finish()
    {
        EndCell();
        _wasQuote = false;
        return [.. _cells];
    }
}
