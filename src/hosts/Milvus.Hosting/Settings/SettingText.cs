using System.Globalization;

namespace Milvus.Hosting.Settings;

/// <summary>Reads the values of settings. All throw <see cref="FormatException"/> or <see cref="OverflowException"/> on what is none.</summary>
public static class SettingText
{
    public static string NotEmpty(string value) => value.Length > 0 ? value : throw new FormatException();

    /// <summary>A directory that exists.</summary>
    public static string Directory(string value) => System.IO.Directory.Exists(value) ? value : throw new FormatException();

    public static int Port(string value) => ushort.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>Seconds, with decimals, as milliseconds.</summary>
    public static int Seconds(string value) => checked((int)(double.Parse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * 1000));

    /// <summary>Bytes, with a suffix k, m, g or t for powers of 1024.</summary>
    public static long Size(string value)
    {
        if (value.Length == 0) throw new FormatException();
        var shift = char.ToLowerInvariant(value[^1]) switch { 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => 0 };
        var digits = shift == 0 ? value : value[..^1];
        return checked((long)(double.Parse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * (1L << shift)));
    }
}
