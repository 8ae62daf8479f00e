using System.Text;
using Milvus.Api.Grpc;

namespace Milvus.Api.Tests.Grpc;

public sealed class GrpcTextTests
{
    [Fact]
    public void Messages_of_any_text_survive_percent_encoding()
    {
        var random = new Random(11);
        for (var round = 0; round < 2000; round++)
        {
            var text = RandomText(random, random.Next(0, 60));
            var encoded = GrpcMessageText.Encode(text);
            Assert.All(encoded, c => Assert.InRange(c, ' ', '~'));
            Assert.Equal(text, GrpcMessageText.Decode(encoded));
        }
    }

    [Theory]
    [InlineData("plain text, with = and ~", "plain text, with = and ~")]
    [InlineData("100%", "100%25")]
    [InlineData("a\nb", "a%0Ab")]
    [InlineData("π", "%CF%80")]
    public void Encoding_is_that_of_the_specification(string text, string encoded) => Assert.Equal(encoded, GrpcMessageText.Encode(text));

    [Theory]
    [InlineData("%", "%")]
    [InlineData("%4", "%4")]
    [InlineData("%zz", "%zz")]
    public void Malformed_escapes_stay(string encoded, string text) => Assert.Equal(text, GrpcMessageText.Decode(encoded));

    [Fact]
    public void Long_messages_are_cut_between_characters()
    {
        var encoded = GrpcMessageText.Encode(new string('a', GrpcMessageText.MaxBytes - 1) + "ππ");
        Assert.Equal(new string('a', GrpcMessageText.MaxBytes - 1), encoded);
    }

    [Theory]
    [InlineData("1H", 3600_000)]
    [InlineData("2M", 120_000)]
    [InlineData("3S", 3000)]
    [InlineData("4m", 4)]
    [InlineData("5000u", 5)]
    [InlineData("6000000n", 6)]
    public void Timeouts_have_units(string text, int milliseconds)
    {
        Assert.True(GrpcTimeout.TryParse(text, out var timeout));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), timeout);
    }

    [Fact]
    public void The_longest_timeouts_still_fit_a_timer()
    {
        Assert.True(GrpcTimeout.TryParse("99999999H", out var timeout));
        using var source = new CancellationTokenSource(timeout);
        Assert.False(source.IsCancellationRequested);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("S")]
    [InlineData("-1S")]
    [InlineData("1 S")]
    [InlineData("1s")]
    [InlineData("123456789S")]
    public void Malformed_timeouts_are_refused(string text) => Assert.False(GrpcTimeout.TryParse(text, out _));

    private static string RandomText(Random random, int length)
    {
        var text = new StringBuilder();
        for (var i = 0; i < length; i++)
        {
            switch (random.Next(4))
            {
                case 0: text.Append((char)random.Next(0, 0x20)); break;
                case 1: text.Append((char)random.Next(0x20, 0x7f)); break;
                case 2: text.Append((char)random.Next(0xa0, 0xd000)); break;
                default: text.Append(char.ConvertFromUtf32(random.Next(0x10000, 0x10ffff))); break;
            }
        }
        return text.ToString();
    }
}
