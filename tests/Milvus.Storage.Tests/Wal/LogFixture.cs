using System.Text;
using Milvus.Storage.Wal;
using Milvus.TestKit.Disk;

namespace Milvus.Storage.Tests.Wal;

/// <summary>A log on a simulated disk and the words to test it with.</summary>
internal sealed class LogFixture(int seed = 1)
{
    public const string LogDirectory = "wal/c1-s0";
    public const string Channel = "c1-s0";

    public SimulatedDisk Disk { get; set; } = new(seed);

    public WalOptions Options { get; set; } = WalOptions.Default with { SegmentBytes = WalOptions.MinSegmentBytes };

    public ChannelLog Open(long reached = 0) => ChannelLog.Open(LogDirectory, Channel, Options, reached, Disk);

    public string LastFile => Disk.Paths[^1];

    /// <summary>Appends one record per text in one batch and syncs.</summary>
    public static void Write(ChannelLog log, params string[] texts)
    {
        Append(log, texts);
        log.Commit();
    }

    public static long Append(ChannelLog log, params string[] texts) =>
        log.Append([.. texts.Select(t => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(t))]);

    public static List<string> Read(IChannelLog log, long from = 1)
    {
        var texts = new List<string>();
        using var reader = log.ReadFrom(from);
        while (reader.TryRead(out var record))
        {
            Assert.Equal(from + texts.Count, record.Sequence);
            texts.Add(Encoding.UTF8.GetString(record.Payload.Span));
        }
        return texts;
    }

    /// <summary>Opens, reads everything and closes.</summary>
    public List<string> Reread()
    {
        using var log = Open();
        return Read(log, log.FirstSequence);
    }
}
