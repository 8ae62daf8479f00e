using System.Globalization;

namespace Milvus.Api.Grpc;

/// <summary>The <c>grpc-timeout</c> header: one to eight digits and a unit (H, M, S, m, u, n).</summary>
public static class GrpcTimeout
{
    /// <summary>The longest delay a timer accepts; anything beyond it is no deadline at all.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24);

    /// <returns>False for malformed text.</returns>
    public static bool TryParse(string text, out TimeSpan timeout)
    {
        timeout = TimeSpan.Zero;
        if (text.Length is < 2 or > 9) return false;
        if (!long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount)) return false;

        long ticksPerUnit;
        switch (text[^1])
        {
            case 'H': ticksPerUnit = TimeSpan.TicksPerHour; break;
            case 'M': ticksPerUnit = TimeSpan.TicksPerMinute; break;
            case 'S': ticksPerUnit = TimeSpan.TicksPerSecond; break;
            case 'm': ticksPerUnit = TimeSpan.TicksPerMillisecond; break;
            case 'u': ticksPerUnit = TimeSpan.TicksPerMicrosecond; break;
            case 'n':
                timeout = TimeSpan.FromTicks(amount / TimeSpan.NanosecondsPerTick);
                return true;
            default: return false;
        }

        timeout = amount > Longest.Ticks / ticksPerUnit ? Longest : TimeSpan.FromTicks(amount * ticksPerUnit);
        return true;
    }
}
