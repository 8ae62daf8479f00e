using System.Buffers;
using System.Text;

namespace Milvus.Api.Grpc;

/// <summary>
/// The percent encoding of <c>grpc-message</c>: UTF-8 bytes outside printable ASCII, and <c>%</c>, become <c>%XX</c>
/// (gRPC over HTTP/2 specification, "Responses").
/// </summary>
public static class GrpcMessageText
{
    /// <summary>Longer texts are cut: header blocks are limited on both sides.</summary>
    public const int MaxBytes = 4096;

    private static readonly SearchValues<char> Plain =
        SearchValues.Create(Enumerable.Range(0x20, 0x7f - 0x20).Select(c => (char)c).Where(c => c != '%').ToArray());

    public static string Encode(string text)
    {
        if (text.Length <= MaxBytes && text.AsSpan().IndexOfAnyExcept(Plain) < 0) return text;

        var bytes = Encoding.UTF8.GetBytes(text);
        var length = bytes.Length;
        if (length > MaxBytes)
        {
            // Cut between characters, never inside one.
            length = MaxBytes;
            while (length > 0 && (bytes[length] & 0xC0) == 0x80) length--;
        }

        var encoded = new StringBuilder(length + 16);
        foreach (var b in bytes.AsSpan(0, length))
        {
            if (b is >= 0x20 and <= 0x7e and not (byte)'%') encoded.Append((char)b);
            else encoded.Append('%').Append(b.ToString("X2"));
        }
        return encoded.ToString();
    }

    /// <summary>The reverse; malformed escapes stay as they are, as the specification asks.</summary>
    public static string Decode(string encoded)
    {
        if (!encoded.Contains('%')) return encoded;
        var bytes = new List<byte>(encoded.Length);
        for (var i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] == '%' && i + 2 < encoded.Length &&
                byte.TryParse(encoded.AsSpan(i + 1, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var value))
            {
                bytes.Add(value);
                i += 2;
            }
            else
            {
                bytes.Add((byte)encoded[i]);
            }
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
