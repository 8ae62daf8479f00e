using Milvus.Text.Analyzers;

namespace Milvus.Text.Tests.Analyzers;

public sealed class EnglishStemmerTests
{
    private static readonly Analyzer s_analyzer =
        Analyzer.Parse("""{"tokenizer": "whitespace", "filter": [{"type": "stemmer", "language": "english"}]}""");

    [Theory]
    [InlineData("caresses caress ties tie cries cri cats cat gas gas this this kiwis kiwi gaps gap")] // 1a
    [InlineData("feed feed agreed agre bleedly bleed exceedingly exceed")] // 1b, eed
    [InlineData("plastered plaster bled bled motoring motor sing sing luxuriated luxuri hopping hop hoping hope falling fall hissing hiss fizzed fizz failing fail filing file sized size troubled troubl")]
    [InlineData("cry cri by by say say happy happi sky sky enjoy enjoy dyed dy")] // 1c
    [InlineData("relational relat conditional condit rational ration valency valenc hesitancy hesit digitizer digit conformably conform radically radic differently differ vilely vile analogously analog vietnamization vietnam predication predic operator oper feudalism feudal decisiveness decis hopefulness hope callousness callous formality formal sensitivity sensit sensibility sensibl archaeology archaeolog")]
    [InlineData("triplicate triplic formative format formalize formal electricity electr electrical electr hopeful hope goodness good")]
    [InlineData("revival reviv allowance allow inference infer airliner airlin gyroscopic gyroscop adjustable adjust defensible defens irritant irrit replacement replac adjustment adjust dependent depend adoption adopt communism communism activate activ angularity angular homologous homolog effective effect bowdlerize bowdler")]
    [InlineData("probate probat rate rate cease ceas controll control roll roll")] // 5
    [InlineData("generate generat generates generat generally general generic generic generous generous communication communic community communiti arsenal arsenal arsenic arsenic")] // R1 prefixes
    [InlineData("skis ski skies sky dying die lying lie tying tie idly idl gently gentl ugly ugli early earli only onli singly singl news news howe howe atlas atlas cosmos cosmos bias bias andes andes")]
    [InlineData("inning inning innings inning outing outing canning canning herring herring herrings herring earring earring proceed proceed exceed exceed succeed succeed")]
    [InlineData("consign consign consigned consign consigning consign consignment consign consist consist consisted consist consistency consist consistent consist consistently consist consists consist consolation consol consolations consol consolatory consolatori consolidate consolid consolingly consol consonant conson")]
    [InlineData("knack knack knackeries knackeri knavish knavish kneaded knead kneeling kneel knew knew knightly knight knitting knit knives knive knots knot knocker knocker")]
    [InlineData("dog's dog dogs' dog 'tis tis o'clock o'clock")]
    [InlineData("yellow yellow youth youth boyish boyish flying fli toy toy yes yes")]
    [InlineData("be be a a it it ing ing ed ed")]
    [InlineData("naïvely naïv cafés café éclairs éclair größed größed wölded wölded")]
    public void StemsAreThoseOfPorter2(string pairs)
    {
        string[] words = pairs.Split(' ');
        for (int i = 0; i < words.Length; i += 2)
            Assert.Equal((words[i], words[i + 1]), (words[i], s_analyzer.GetTokens(words[i]).Single().Text));
    }
}
